"""Sheets as text: Markdown, linear text, LaTeX and notebooks, by one walk over the blocks of a document.

parts.py says of each kind of block what stands there, in a few kinds of parts. Each format writes these parts:
markdown.py, linear.py, latex.py; and notebook/ makes cells of them.
"""
