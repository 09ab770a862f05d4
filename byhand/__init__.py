"""byhand: a tiny transformer as a lesson on paper.

`generate` writes a sheet's worksheet and key; `run` runs a model on your own numbers, which `load_values` reads;
`load_entries` reads the same file for `Options(values=…)`. `mark` marks files of answers.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["Options", "generate", "load_entries", "load_values", "mark", "run"]
_HOMES = {
    "Options": ("byhand.options", "Options"), "generate": ("byhand.pipeline", "generate"),
    "load_entries": ("byhand.model.files", "load_entries"), "load_values": ("byhand.own_numbers", "load_values"),
    "mark": ("byhand.marking.mark", "mark"), "run": ("byhand.own_numbers", "run_values"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The verbs, imported when they are asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'byhand' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
