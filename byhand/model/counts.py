"""Sizes multiplied: each figure about a transformer is a step on the tape."""

from __future__ import annotations

from byhand.ops.linear import multiply
from byhand.tape import Matrix


def product_of(*factors: Matrix, name: str, times: int = 1) -> Matrix:
    """Numbers multiplied; the step says by which whole number besides, which a mistake may change."""
    return multiply(*factors, name=name, times=times)
