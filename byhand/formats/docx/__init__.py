"""A sheet as a Word document, for a lecturer to edit: words, tables, formulas as OMML, and pictures.

document.py   a page, part by part
tables.py     matrices and products, with borders and room to write
text.py       words in a paragraph
styles.py     an empty document with its paper, styles and foot
pictures.py   drawings as PNG, which every program shows
"""
