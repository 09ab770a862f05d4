"""The second witness: every run is computed again here, by code that shares nothing with arithmetic, ops and model.

rules.py      what each operation does to whole matrices
wiring.py     which steps each model has, and what they read
numbers.py    exact fractions, and numbers of sixty digits
float64.py    numbers with a bound on the rounding errors of float64
duals.py      numbers with derivatives
letters.py    the numbers of a run.json, and letters
recorded.py   what the witness asks of a run
named.py      what the names of gradients say
gradients.py  the derivatives of a loss, and whether recorded gradients are these
judge.py      computes each step of a run, and compares
"""
