"""A sheet as a Jupyter notebook that stands alone: prose, the given arrays, cells to fill in, and cells that check.

arrays.py and checks.py are the code of its folded cell: they use nothing but NumPy and the standard library.
tasks.py says what each cell to fill in asks for; it holds no answers. notebook.py puts the cells together.
"""
