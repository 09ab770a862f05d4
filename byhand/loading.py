"""A lesson's own Python, byhand/lessons/NAME.py: read when its sheet or its model is asked for, and only then."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

LESSONS = "byhand.lessons"


@cache
def load_lesson(name: str) -> bool:
    """Whether the lesson of a sheet's name, or of its model's, has Python of its own, which is now read."""
    module = name.replace("-", "_")
    if module not in _modules():
        return False
    import_module(f"{LESSONS}.{module}")
    return True


def load_lessons() -> None:
    """Read the Python of every lesson: to list all that there is, and for what another lesson's sheet asks for."""
    for module in _modules():
        load_lesson(module)


@cache
def _modules() -> list[str]:
    return [each.name for each in iter_modules(import_module(LESSONS).__path__)]
