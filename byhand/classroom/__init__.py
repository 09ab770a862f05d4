"""Classes: a roster becomes worksheets, each with numbers of its own, and their keys."""
