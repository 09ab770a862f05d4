"""Sheets as PDF: pages, a form to fill in, a book."""
