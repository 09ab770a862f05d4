"""Values files on disk: TOML and JSON, and npz and safetensors for weights that a program has saved.

A binary file holds parameters under their names, and steps under `inputs/NAME`. The other entries of a values file,
`config`, `tokens` and so on, are JSON: in the metadata of safetensors, or as text among the arrays of npz. A file may
come from anyone, so nothing in it is run, and its sizes are checked before memory is used for it.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from byhand.errors import ValuesError
from byhand.model.nested import MOST_ENTRIES, plain_lists
from byhand.notation.number import shown

LARGEST_VALUES_FILE = 4_000_000  # bytes
LARGEST_TOML = 500_000  # bytes: its parser is written in Python, and slow
LARGEST_TEXT = 1_000_000  # bytes of an array of text
MOST_ARRAYS = 2_000  # in an npz file
MOST_NUMBERS = 1_000_000  # in a binary file, whose numbers may be compressed
MOST_DOTS = 30  # in a key of TOML: the parser's time and memory grow with their square
# the entries of a binary file that are no numbers
OTHER_ENTRIES = ("config", "tokens", "source", "vocabulary", "target")
BUFFERS = (".attn.mask", ".attn.IGNORE")  # the ends of names that TransformerLens saves beside the parameters
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1",
}  # fmt: skip
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
_HUGE = re.compile("[0-9_]{4000}")  # about as many digits as Python reads
_KEY_DOT = re.compile(r"""\.(?=[ \t]*(?:[A-Za-z_"'-]|[0-9]+[ \t]*\.))""")


def load_entries(*paths: Path | str) -> Any:
    """The entries of a values file, unchecked; of several files together, where later ones replace earlier ones.

    Raises: ValuesError where a file cannot be read or does not parse.
    """
    first, *others = (_entries(Path(path)) for path in paths)
    for other in others:
        first = merged(first, other)
    return first


def merged(entries: Any, other: Any) -> Any:
    """The entries of two files together. Those of the second replace those of the first, name by name in each
    table.
    """
    if not (isinstance(entries, Mapping) and isinstance(other, Mapping)):
        return other
    both = {key: entries[key] for key in entries.keys() & other.keys() if isinstance(entries[key], Mapping)}
    tables = {key: {**table, **other[key]} for key, table in both.items() if isinstance(other[key], Mapping)}
    return {**entries, **other, **tables}


def _entries(path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise ValuesError(
            f"{path.name} may hold a program; save the weights as safetensors (safetensors.torch.save_file) or npz"
        )
    if suffix not in READERS:
        raise ValuesError(f"{path.name} is neither .toml, .json, .npz nor .safetensors")
    read, largest = READERS[suffix]
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise ValuesError(f"{path}: {error.strerror or error}") from None
    if len(content) > largest:
        raise ValuesError(f"{path.name} has over {largest // 1000:,} kB; a sheet needs a few")
    try:
        return read(content)
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValuesError(f"{path.name} does not parse: {_line(error)}") from None
    except ValuesError as error:
        raise ValuesError(f"{path.name}: {error}") from None


def _line(error: BaseException) -> str:
    """An error as one line of up to 150 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 150 else text[:149] + "…"


def _toml(content: bytes) -> Any:
    """The entries of a TOML file. Decimals are texts, which keep their digits."""
    import tomllib

    text = content.decode("utf-8-sig")
    check_dots(text)
    if _HUGE.search(text):
        raise ValuesError("a number of thousands of digits is too long for any sheet")
    return tomllib.loads(text, parse_float=str)


def check_dots(text: str) -> None:
    """Check that no name in a TOML file has so many parts that its parser would take minutes.

    Raises: ValuesError.
    """
    if any(len(_KEY_DOT.findall(line)) > MOST_DOTS for line in text.splitlines()):
        raise ValuesError(f"a name has more than {MOST_DOTS} parts; put it in quotes")


def _json(content: bytes | str) -> Any:
    """Decimals keep their digits as written, as text."""
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    return json.loads(text, parse_float=str, parse_int=_integer, parse_constant=str, object_pairs_hook=without_twins)


def _integer(digits: str) -> int | str:
    """An integer; one of 100 digits or more stays text, which `parse` refuses."""
    return int(digits) if len(digits) < 100 else digits


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table of a JSON file.

    Raises: ValuesError where a name stands in it twice.
    """
    table = dict(pairs)
    if len(table) < len(pairs):
        ((twin, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValuesError(f"{shown(twin)} stands there twice; a name has one value")
    return table


def _as_entries(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a binary file as the entries of a values file: `inputs/NAME` under inputs, config, tokens and so
    on as they are, and all else under weights.
    """
    entries: dict[str, Any] = {"inputs": {}, "weights": {}}
    for name, entry in content.items():
        if name in OTHER_ENTRIES:
            entries[name] = entry
        elif name.startswith("inputs/"):
            entries["inputs"][name.removeprefix("inputs/")] = entry
        else:
            entries["weights"][name] = entry
    return entries


def _is_buffer(name: str) -> bool:
    """Whether an array is no parameter, but saved by TransformerLens beside the parameters."""
    return name.endswith(BUFFERS) and not name.startswith("inputs/")


def _safetensors(content: bytes) -> Any:
    """The entries of a safetensors file."""
    import numpy as np
    from safetensors import SafetensorError, deserialize

    try:
        tensors = deserialize(content)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ValueError(error) from None
    length = int.from_bytes(content[:8], "little")
    notes = json.loads(content[8 : 8 + length]).get("__metadata__") or {}
    entries: dict[str, Any] = {key: _json(text) for key, text in notes.items() if key in OTHER_ENTRIES}
    budget = MOST_NUMBERS
    for name, tensor in sorted(tensors, key=lambda pair: pair[0]):  # which come in any order
        shape, dtype, data = tensor["shape"], tensor["dtype"], tensor["data"]
        if _is_buffer(name):
            continue
        budget = _within(name, shape, budget)
        if dtype == "BF16":  # the upper half of a float32
            array = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        elif dtype in DTYPES:
            array = np.frombuffer(data, DTYPES[dtype])
        else:
            raise ValuesError(f"{name} holds {dtype}; save it as float32")
        entries[name] = plain_lists(name, array.reshape(shape))
    return _as_entries(entries)


def _npz(content: bytes) -> Any:
    """The entries of an npz file."""
    import zlib
    from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

    entries: dict[str, Any] = {}
    budget = MOST_NUMBERS
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > MOST_ARRAYS:
                raise ValuesError(f"more than {MOST_ARRAYS:,} arrays; a model of one block has twenty")
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # the others unpack without bounds
                    raise ValuesError(f"{shown(name)} is packed in another way than numpy's")
                if name in entries:
                    raise ValuesError(f"{shown(name)} stands there twice; a name has one value")
                if _is_buffer(name):
                    continue
                with archive.open(info) as file:
                    entries[name], budget = _npy(name, file, budget)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:  # encrypted, cut off, …
        raise ValueError(error) from None
    return _as_entries(entries)


def _npy(name: str, file: IO[bytes], budget: int) -> tuple[Any, int]:
    """One array of an npz file, and how many numbers the others may have; text in it is JSON, or words.

    numpy's own reader makes room for as many numbers as the header tells of, whether they are there or not.
    """
    import numpy as np

    try:
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = header(file)
    except Exception as error:  # numpy's reader of a header raises whatever its tokenizer does
        raise ValueError(f"{shown(name)} has no header of numpy's: {error}") from None
    if any(type(n) is not int or n < 0 for n in shape):  # numpy takes true for 1, and reads a size below 0 to the end
        raise ValuesError(f"{shown(name)} has the shape {shown(shape)}; a size is a whole number from 0 on")
    budget, size = _within(name, shape, budget), math.prod(shape) * dtype.itemsize
    if dtype.kind not in ("iufU" if name in OTHER_ENTRIES else "iuf"):
        raise ValuesError(f"{shown(name)} holds {shown(str(dtype))}; save it as float32")
    if dtype.kind == "U" and size > LARGEST_TEXT:
        raise ValuesError(f"{shown(name)} has over {LARGEST_TEXT // 1000:,} kB of text; a sheet needs a few")
    data = file.read(size + 1)
    if len(data) != size:
        raise ValuesError(f"{shown(name)} does not hold the numbers that its header tells of")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")
    if dtype.kind != "U":
        return plain_lists(name, array), budget
    return (_json(str(array)) if shape == () else array.tolist()), budget


def _within(name: str, shape: Sequence[int], budget: int) -> int:
    """How many numbers are left for the other arrays of a file.

    Raises: ValuesError.
    """
    count = math.prod(shape)
    if count > MOST_ENTRIES:
        raise ValuesError(f"{shown(name)} has more than {MOST_ENTRIES:,} entries; a worksheet has a hundred")
    if count > budget:
        raise ValuesError(f"more than {MOST_NUMBERS:,} numbers; a worksheet has a hundred")
    return budget - count


READERS: dict[str, tuple[Callable[[bytes], Any], int]] = {
    ".toml": (_toml, LARGEST_TOML), ".json": (_json, LARGEST_VALUES_FILE), ".npz": (_npz, LARGEST_VALUES_FILE),
    ".safetensors": (_safetensors, LARGEST_VALUES_FILE),
}  # fmt: skip
