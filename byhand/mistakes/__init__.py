"""The classic mistakes: each is a rewrite of the run, computed from the same numbers.

To add one, write a function in the file of its subject. Its decorator has what the student is told, and how to mend
it:

    @mistake(
        told="Scores not divided by √d_head.",
        mend="Divide each score by √d_head before you take softmax.",
    )
    def no_sqrt(step, tape): …

It is called for each step of the right run. It returns the steps that a person who makes the mistake computes
instead, or [step], the step itself, where the mistake is not made.
"""

# imported in the order of the course, in which `byhand foils` lists them
from byhand.mistakes import products, layers, embedding, attention, norms, prediction, gradients  # noqa: F401, I001
from byhand.mistakes.registry import (
    MISTAKES,
    Mistake,
    applying,
    away,
    cells_apart,
    cells_changed,
    changes,
    changes_of,
    foil,
    mistake_named,
    mistaken,
    resumed,
)

__all__ = [
    "MISTAKES",
    "Mistake",
    "applying",
    "away",
    "cells_apart",
    "cells_changed",
    "changes",
    "changes_of",
    "foil",
    "mistake_named",
    "mistaken",
    "resumed",
]
