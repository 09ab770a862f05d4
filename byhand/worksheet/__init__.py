"""Sheets: a Markdown file and a run become a Document, which is the same for every format."""
