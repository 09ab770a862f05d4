"""Numbers worth computing by hand: new ones for every seed, which keep every promise of quality.py.

The search, from the outside in:

choice.py        search → run on the tape → keep
registry.py      a search for each model, and what is required of a configuration
search.py        a model's search, of the stages below, each of which says what it requires
lessons.py       the same for small models, whose numbers have to be exact; sizes.py those that are counted
shuffled.py      models without a search: a sheet's own numbers in another order
stack.py         layers, one after the other: attention.py, feed_forward.py
embedding.py     what is before and after them
norms.py         rows that a norm leaves rational
combine.py       columns put together: beam search, and joins of two halves
natural.py       what makes a weight look like one
dice.py          random numbers that stay the same for ever
"""

from byhand.numbers import lessons, search, sizes

__all__ = ["lessons", "search", "sizes"]
