"""QR codes of many texts at once.

A code is linear: each bit of its data turns modules of its own over, through error correction, places and mask. So
codes of texts that are equally long are one of them, and for each bit in which another differs, what that bit turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import segno

from byhand.formats.cache import made_once

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"  # of codes with two letters in 11 bits
_MASK = 2  # to try all eight would take longer than all the rest
_PAIR, _LAST = 11, 6  # bits of two letters, and of a last one


def codes(texts: Sequence[str]) -> tuple[list[str], int]:
    """The code of each text as an SVG path of bars, and how many modules all have a side.

    The texts are equally long.
    """
    import numpy as np

    if len(texts) == 1 or not set().union(*texts) <= set(LETTERS):
        return _one_by_one(texts)
    first = segno.make_qr(texts[0], mode="alphanumeric", **_how(None))
    own, bits = np.array(first.matrix) & 1, np.array([_bits(text) for text in texts])
    turned = bits != bits[0]
    start = int(turned.any(0).argmax()) // _PAIR * _PAIR
    asked = int(first.version), len(texts[0]), start
    patterns = made_once("codes", partial(_turned, *asked), str(asked))
    modules = np.repeat(own[None], len(texts), axis=0)
    for at, pattern in enumerate(patterns, start):
        modules[turned[:, at]] ^= pattern
    return _bars(modules), len(own)


def _one_by_one(texts: Sequence[str]) -> tuple[list[str], int]:
    import numpy as np

    modules = np.array([segno.make_qr(text, **_how(None)).matrix for text in texts]) & 1
    return _bars(modules), modules.shape[1]


def _how(version: int | None) -> dict[str, Any]:
    return {"error": "m", "boost_error": False, "mask": _MASK, "version": version}


def _bits(text: str) -> list[bool]:
    """A text's bits: of two letters in 11, of a last one in 6."""
    codes = [LETTERS.index(letter) for letter in text]
    pairs = "".join(f"{45 * a + b:0{_PAIR}b}" for a, b in zip(codes[::2], codes[1::2], strict=False))
    return [bit == "1" for bit in pairs + (f"{codes[-1]:0{_LAST}b}" if len(codes) % 2 else "")]


def _turned(version: int, length: int, start: int) -> Any:
    """The modules that each bit of so many letters turns over, from one bit on."""
    import numpy as np

    def modules(letters: str) -> Any:
        code = segno.make_qr(letters.ljust(length, "0"), mode="alphanumeric", **_how(version))
        return np.array(code.matrix) & 1

    def lone(at: int) -> str:
        """Zeros, and the letters that have this bit only."""
        pair, bit = divmod(at, _PAIR)
        last = 2 * pair + 1 == length
        high, low = divmod(1 << (_LAST if last else _PAIR) - 1 - bit, len(LETTERS))
        return "0" * 2 * pair + LETTERS[high] * (not last) + LETTERS[low]

    none, bits = modules(""), length // 2 * _PAIR + length % 2 * _LAST
    return [modules(lone(at)) ^ none for at in range(start, bits)]


def _bars(modules: Any) -> list[str]:
    """Dark modules side by side as bars, of each code (codes, rows, columns): M0 0h7v1h-7z."""
    import numpy as np

    count, _, size = modules.shape
    edges = np.diff(np.pad(modules.astype(np.int8), ((0, 0), (0, 0), (1, 1))))
    code, y, x = np.nonzero(edges == 1)
    width = np.nonzero(edges == -1)[2] - x
    found, which = np.unique((y * size + x) * size + width - 1, return_inverse=True)
    places = zip(*(each.tolist() for each in np.unravel_index(found, (size, size, size))), strict=True)
    drawn = [f"M{x} {y}h{w + 1}v1h-{w + 1}z" for y, x, w in places]
    bars = [drawn[k] for k in which.tolist()]
    ends = np.searchsorted(code, np.arange(count + 1)).tolist()
    return ["".join(bars[start:end]) for start, end in pairwise(ends)]
