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

from byhand.render.cache import made_once

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"  # of codes with two letters in 11 bits
_MASK = 2  # to try all eight would take longer than all the rest
LARGEST = 9  # version: larger ones have longer heads
_PAIR = 11  # bits of two letters
_HEAD, _BYTE_HEAD = 13, 12  # bits before the letters, and before bytes


def codes(texts: Sequence[str]) -> tuple[list[str], int]:
    """The code of each text as an SVG path of bars, and how many modules all have a side.

    The texts are equally long.
    """
    import numpy as np

    first = segno.make_qr(texts[0], **_how(None))
    if len(texts) == 1 or not set().union(*texts) <= set(LETTERS) or int(first.version) > LARGEST:
        return _one_by_one(texts)
    first = segno.make_qr(texts[0], mode="alphanumeric", **_how(None))
    own, bits = np.array(first.matrix) & 1, np.array([_bits(text) for text in texts])
    turned = bits != bits[0]
    start = int(turned.any(0).argmax()) // _PAIR * _PAIR
    asked = int(first.version), bits.shape[1], start
    try:
        patterns = made_once("codes", partial(_turned, *asked), str(asked))
    except segno.DataOverflowError:  # letters may fill a code to its last bits, and bytes may not
        return _one_by_one(texts)
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
    return [bit == "1" for bit in pairs + (f"{codes[-1]:06b}" if len(codes) % 2 else "")]


def _turned(version: int, length: int, start: int) -> Any:
    """The modules that each of so many bits turns over, from one bit on."""
    import numpy as np

    def modules(at: int | None) -> Any:
        """Those of bytes in place of letters, with 1 for that bit and 0 for all others."""
        data = bytearray((length + _HEAD - _BYTE_HEAD + 7) // 8)
        if at is not None:
            byte, bit = divmod(at + _HEAD - _BYTE_HEAD, 8)
            data[byte] = 128 >> bit
        return np.array(segno.make_qr(bytes(data), mode="byte", **_how(version)).matrix) & 1

    none = modules(None)
    return [modules(at) ^ none for at in range(start, length)]


def _bars(modules: Any) -> list[str]:
    """Dark modules side by side as bars, of each code (codes, rows, columns): M0 0h7v1h-7z."""
    import numpy as np

    count, _, size = modules.shape
    edges = np.diff(np.pad(modules.astype(np.int8), ((0, 0), (0, 0), (1, 1))))
    code, y, x = np.nonzero(edges == 1)
    width = np.nonzero(edges == -1)[2] - x
    every = [f"M{x} {y}h{w}v1h-{w}z" for y in range(size) for x in range(size) for w in range(size + 1)]
    bars = [every[k] for k in ((y * size + x) * (size + 1) + width).tolist()]
    ends = np.searchsorted(code, np.arange(count + 1)).tolist()
    return ["".join(bars[start:end]) for start, end in pairwise(ends)]
