"""QR codes of many texts at once.

A QR code is linear over bits: after error correction, placement and mask, each bit of the data flips a fixed set of
modules. So of texts of one length, only the first is encoded as a whole. The code of another text is the first code
with the modules flipped that belong to the bits in which the texts differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import segno

from byhand.cache import cached_by
from byhand.worksheet.program import program_key

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"  # the characters of the alphanumeric mode
MASK = 2  # any of the eight is valid; finding the best would take longer than all the rest
PAIR_BITS = 11  # for two characters in the alphanumeric mode
LAST_BITS = 6  # for a last character without a second one


def qr_codes(texts: Sequence[str]) -> tuple[list[str], int]:
    """The code of each text as an SVG path of bars, and the number of modules on a side, which all share.

    The texts have one length.
    """
    import numpy as np

    if len(texts) == 1 or not set().union(*texts) <= set(LETTERS):
        return _one_by_one(texts)
    first = segno.make_qr(texts[0], mode="alphanumeric", **_options(None))
    matrix, bits = np.array(first.matrix) & 1, np.array([_bits(text) for text in texts])
    differing = bits != bits[0]
    start = int(differing.any(0).argmax()) // PAIR_BITS * PAIR_BITS
    asked = int(first.version), len(texts[0]), start
    patterns = _flipped(*asked)
    modules = np.repeat(matrix[None], len(texts), axis=0)
    for at, pattern in enumerate(patterns, start):
        modules[differing[:, at]] ^= np.frombuffer(pattern, matrix.dtype).reshape(matrix.shape)
    return _bars(modules), len(matrix)


def _one_by_one(texts: Sequence[str]) -> tuple[list[str], int]:
    import numpy as np

    modules = np.array([segno.make_qr(text, **_options(None)).matrix for text in texts]) & 1
    return _bars(modules), modules.shape[1]


def _options(version: int | None) -> dict[str, Any]:
    return {"error": "m", "boost_error": False, "mask": MASK, "version": version}


def _bits(text: str) -> list[bool]:
    """The bits of a text in the alphanumeric mode."""
    codes = [LETTERS.index(letter) for letter in text]
    pairs = "".join(f"{45 * a + b:0{PAIR_BITS}b}" for a, b in zip(codes[::2], codes[1::2], strict=False))
    return [bit == "1" for bit in pairs + (f"{codes[-1]:0{LAST_BITS}b}" if len(codes) % 2 else "")]


@cached_by("codes", lambda version, length, start: program_key(version, length, start))
def _flipped(version: int, length: int, start: int) -> list[bytes]:
    """For each bit of a text with `length` characters, from bit `start` on, the modules that it flips, one a byte."""
    import numpy as np

    def modules(letters: str) -> Any:
        code = segno.make_qr(letters.ljust(length, "0"), mode="alphanumeric", **_options(version))
        return np.array(code.matrix) & 1

    def lone(at: int) -> str:
        """A text in which only this bit is 1."""
        pair, bit = divmod(at, PAIR_BITS)
        last = 2 * pair + 1 == length
        high, low = divmod(1 << (LAST_BITS if last else PAIR_BITS) - 1 - bit, len(LETTERS))
        return "0" * 2 * pair + LETTERS[high] * (not last) + LETTERS[low]

    none, bits = modules(""), length // 2 * PAIR_BITS + length % 2 * LAST_BITS
    return [(modules(lone(at)) ^ none).tobytes() for at in range(start, bits)]


def _bars(modules: Any) -> list[str]:
    """For each code, an SVG path of its runs of dark modules, such as M0 0h7v1h-7z.

    Shapes: modules (codes, rows, columns).
    """
    import numpy as np

    count, _, size = modules.shape
    edges = np.diff(np.pad(modules.astype(np.int8), ((0, 0), (0, 0), (1, 1))))
    code, y, x = np.nonzero(edges == 1)
    width = np.nonzero(edges == -1)[2] - x
    distinct, inverse = np.unique((y * size + x) * size + width - 1, return_inverse=True)
    places = zip(*(each.tolist() for each in np.unravel_index(distinct, (size, size, size))), strict=True)
    drawn = [f"M{x} {y}h{w + 1}v1h-{w + 1}z" for y, x, w in places]
    bars = [drawn[k] for k in inverse.tolist()]
    ends = np.searchsorted(code, np.arange(count + 1)).tolist()
    return ["".join(bars[start:end]) for start, end in pairwise(ends)]
