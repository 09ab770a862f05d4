"""Trees and numbers as text.

number.py reads and writes single numbers. write.py writes trees: one fold over the tree, with a table (`Style`) for
each notation: text.py, html.py and latex.py. inline.py parses the formulas of sheets to pieces, which
every format writes in its own way, and words.py finds characters that cannot be printed.
"""
