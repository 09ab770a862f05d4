"""Sizes multiplied and added up: each figure about a transformer is a step on the tape."""

from __future__ import annotations

from byhand.ops.linear import add_all, multiply
from byhand.tape import Matrix


def product_of(*factors: Matrix, name: str, times: int = 1) -> Matrix:
    """Numbers multiplied."""
    return multiply(*factors, name=name, times=times)


def add_up(*terms: Matrix, name: str) -> Matrix:
    """Numbers added."""
    return add_all(*terms, name=name)
