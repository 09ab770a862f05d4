"""Numbers worth computing by hand: new ones for every seed, which keep every promise of quality.py.

The search, from the outside in:

choice.py    search → run on the tape → keep
shuffled.py  the small models: a sheet's own numbers in another order
possible.py  what is refused, and why
search.py    the models; stack.py the layers; heads.py, mixing.py, sums.py, hidden.py, unembed.py the stages
lessons.py   small models whose numbers have to be exact
norms.py     rows that a norm leaves rational
natural.py   what makes a weight look like one
dice.py      random numbers that stay the same for ever
"""
