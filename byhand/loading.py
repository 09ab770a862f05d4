"""A lesson's own Python, NAME.py: read when its sheet or its model is asked for, and only then.

It is byhand/lessons/NAME.py, or worksheets/NAME.py in a folder of somebody's own that the user trusts (`trust`).
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb

from byhand.errors import SheetError

LESSONS = "byhand.lessons"
_trusted: list[Path] = []


def trust(*folders: Path) -> None:
    """From now on, read the Python of the lessons in these folders, which may do whatever the user may do."""
    _trusted.extend(folder.resolve() for folder in folders)
    load_lesson.cache_clear()


def trusted() -> tuple[Path, ...]:
    """The folders whose Python is read, beside byhand's own."""
    return tuple(_trusted)


@cache
def load_lesson(name: str) -> None:
    """Read the Python of the lesson of a sheet's name, or of its model's, if it has some.

    Raises: SheetError where somebody's own file fails.
    """
    paths = (folder / "worksheets" / f"{name}.py" for folder in _trusted)
    if path := next(filter(Path.is_file, paths), None):
        _run(path)
    elif (module := name.replace("-", "_")) in _modules():
        import_module(f"{LESSONS}.{module}")


def load_lessons() -> None:
    """Read the Python of every lesson: to list all that there is, and for what another lesson's sheet asks for.

    Raises: as `load_lesson`.
    """
    own_names = (path.stem for folder in _trusted for path in sorted(folder.glob("worksheets/*.py")))
    for name in (*(module.replace("_", "-") for module in _modules()), *own_names):
        load_lesson(name)


@cache
def _modules() -> list[str]:
    return [each.name for each in iter_modules(import_module(LESSONS).__path__)]


@cache
def _run(path: Path) -> None:
    """Run a file of somebody's own, once.

    Raises: SheetError with the file's line where it fails.
    """
    spec = spec_from_file_location(f"byhand_lesson_{path.stem.replace('-', '_')}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise SheetError(f"{path.name}, line {error.lineno}: {error.msg}") from None
    except Exception as error:
        lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)]
        where = f", line {lines[-1]}" if lines else ""
        raise SheetError(f"{path.name}{where}: {type(error).__name__}: {error}") from None
