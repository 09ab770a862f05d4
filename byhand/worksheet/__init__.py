"""Sheets: a Markdown file and a run become a Document, which no format has touched yet."""
