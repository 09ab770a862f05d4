"""Numbers worth computing by hand: new ones for every seed, which keep every promise of promises.py.

The search, from the outside in:

choice.py        search → run on the tape → keep
registry.py      a search for each model, and what is required of a configuration
search.py        a model's search, of the stages below, each of which says what it requires
lessons.py       small models, whose numbers are like their sheet's own
stack.py         layers, one after the other: attention.py, feed_forward.py
embedding.py     what is before and after them
norms.py         rows that a norm leaves rational
combine.py       columns put together: beam search, and joins of two halves
natural.py       what makes a weight look like one
promises.py      what is promised of an instance, measured on the tape of its run
words.py         sentences and vocabularies
dice.py          random numbers that stay the same for ever
"""

from byhand.numbers import lessons, search

__all__ = ["lessons", "search"]
