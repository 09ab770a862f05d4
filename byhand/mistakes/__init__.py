"""The classic mistakes: each a rewrite of the run, computed from the same numbers as the right way.

foil         a run with one classic mistake in it; foil_list names them all
"""

from byhand.mistakes import basics, beyond
from byhand.mistakes.registry import FOILS, applies, foil, foil_list

__all__ = ["FOILS", "applies", "basics", "beyond", "foil", "foil_list"]
