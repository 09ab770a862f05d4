"""What a page for the screen holds so that a look at its source does not tell it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from byhand.notation.number import plain
from byhand.pictures.registry import Sketch


def pen_under(sketch: Sketch, name: str, *numbers: Any) -> str:
    """What the key draws into a picture and says of it, covered with the sheet's name and the numbers."""
    answers = "\t".join(sketch.answers)
    return covered(f"{sketch.key_says}\n{answers}\n{sketch.pen}", f"{name}/{' '.join(map(plain, numbers))}")


def covered(text: str, numbers: str) -> str:
    """A text under a stream of bytes (xorshift32) that begins with the hash of some numbers, in Base64."""
    state, masked = fnv(numbers), bytearray()
    for byte in text.encode():
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        masked.append(byte ^ state & 0xFF)
    return b64encode(masked).decode()


def fnv(text: str) -> int:
    """The 32-bit FNV-1a hash of a text."""
    digest = 0x811C9DC5
    for byte in text.encode():
        digest = (digest ^ byte) * 0x01000193 % 2**32
    return digest
