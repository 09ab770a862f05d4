"""Classes: a roster becomes worksheets, each with numbers of its own, and their keys."""

MOST_STUDENTS = 1_000_000  # of a class
