"""byhand: a tiny transformer as a lesson on paper.

`generate` writes a sheet's worksheet and key; `run` runs a model on your own numbers, which `load_values` reads;
`load_entries` reads the same file for `Options(values=…)`.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["Options", "generate", "load_entries", "load_values", "run"]


def __getattr__(name: str) -> Any:
    """The verbs, imported when they are asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'byhand' has no attribute {name!r}")
    from byhand import pipeline

    return pipeline.run_values if name == "run" else getattr(pipeline, name)
