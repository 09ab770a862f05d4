"""Numbers that are worth computing by hand: new ones for every seed, which keep every promise of promises.py.

The files, from the whole to its parts:

choice.py        searches for an instance, runs it on the tape, and keeps it if it keeps every promise
registry.py      the search of each model, and what it requires of a configuration
draw.py          the search of most lessons: candidates are drawn and run many at once
search.py        the searches of transformers and their layers, composed of the stages below
shuffled.py      the numbers of a sheet in another order, for a model without a search
scores.py        what the searches of lessons share: whole scores whose shares are easy, and values
meaning.py       heads whose queries and keys can be said in words
stack.py         layers one after the other; attention.py and feed_forward.py find one layer each
embedding.py     what comes before the layers and after them: W_E, W_pos and W_U
norms.py         rows whose norm is rational, and the norm's w and b
combine.py       columns combined into matrices, by beam search or by a join of two halves
letters.py       heads with letters for some weights, each with another solution
natural.py       which matrices look like weights
promises.py      what is promised of an instance, measured on the tape of its run; expressed.py: as a sheet writes it
refused.py       what every sheet refuses, unless it allows it
conditions.py    what a student is to bring about by changing one number: a comparison as trees
words.py         sentences and vocabularies
dice.py          random numbers that no release of a library changes

Many constants say how many candidates a stage draws, keeps or hands on (…_TRIED, …_BEAMS, …_COLUMNS and others). More
of them take longer, fewer may leave nothing that fits. `python bench/bench.py --only constants` measures the search
with half and with twice of each: every instance is still found, and the time changes by less than 15 %, about the
noise of the measurement, unless it is said beside the constant. So their exact values do not matter. They must not
change all the same: another value gives every seed other numbers.
"""
