"""The classic mistakes: each a rewrite of the run, computed from the same numbers as the right way.

To add one: a function in the file of its subject, with what the student is told and how to mend it in the decorator.

    @mistake(
        told="Scores not divided by √d_head.",
        mend="Divide each score by √d_head before you take softmax.",
    )
    def no_sqrt(step, tape): …

It is given each step of the right run, and the run, and returns the steps that someone who makes the mistake does
instead; a step that it leaves alone it returns as it is.
"""

# in the order of the course, which is that of `byhand foils`
from byhand.mistakes import products, layers, embedding, attention, norms, prediction, counting  # noqa: F401, I001
from byhand.mistakes.registry import (
    MISTAKES,
    Mistake,
    applying,
    cells_apart,
    changes,
    differing,
    foil,
    mistaken,
    resumed,
)

__all__ = [
    "MISTAKES",
    "Mistake",
    "applying",
    "cells_apart",
    "changes",
    "differing",
    "foil",
    "mistaken",
    "resumed",
]
