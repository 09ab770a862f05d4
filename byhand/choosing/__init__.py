"""Numbers worth computing by hand, and the wrong ways that they must tell apart.

choice       numbers for a model, new ones for every seed, that keep every promise of quality.py
foil         a run with one classic mistake in it; foil_list names them all
cost         how long arithmetic takes by hand

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

from byhand.choosing import foils_basics as foils_basics
from byhand.choosing import foils_beyond as foils_beyond
from byhand.choosing.foils import FOILS, applies, foil, foil_list

__all__ = ["FOILS", "applies", "foil", "foil_list"]
