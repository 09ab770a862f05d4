"""Arithmetic as trees: the nodes and their folds (expr), and the number systems (domains, symbols, intervals)."""
