"""Texts and tables, spoiled at random."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**63, 10**40, 10**400, 1e308, 1e-320, float("inf"), float("nan"), "1e999999999", "-inf", "1/0",
    "1/3", "a", "", " ", "\x07", "\u202e", "\ud800", "9" * 100, "x" * 200, 100_000_000_000, "100000000000", [], {}, [[]], [1, [2]],
    [None], {"a": 1}, "../x", "given", "e", 2, 3,
)  # fmt: skip
PIECES = ("\0", "\x07", "\u202e", "{{", "}}", "{% for i in range(9) %}", "---", "\n", ":", "|", "$", "\\frac{1", "<b>", "9" * 50, "[", '"',
          ",", "=1+1", "\ufeff", "é", "*", "#", "ask('softmax')")  # fmt: skip


def spoiled_table(table: Any, dice: Random) -> None:
    """Change one place of nested lists and tables: another entry, one less, or one twice."""
    while isinstance(table, list | dict) and table:
        at = dice.choice([*table]) if isinstance(table, dict) else dice.randrange(len(table))
        if isinstance(table[at], list | dict) and table[at] and dice.random() < 0.85:
            table = table[at]
            continue
        match dice.randrange(4):
            case 0:
                del table[at]
            case 1 if isinstance(table, list):
                table.insert(at, table[at])
            case 1:
                table[f"{at}x"] = table[at]
            case _:
                table[at] = deepcopy(dice.choice(ODD))
        return


def spoiled_text(text: str, dice: Random, pieces: tuple[str, ...] = PIECES) -> str:
    """Take a piece out of a text, put one in, or repeat one."""
    start = dice.randrange(len(text) + 1)
    end = min(len(text), start + dice.choice((0, 1, 3, 30, 300)))
    piece = dice.choice((dice.choice(pieces), text[start:end] * 2, ""))
    return text[:start] + piece + text[end:]


def other_digit(text: str, at: int, dice: Random) -> str:
    """A text with another digit in one place."""
    return text[:at] + dice.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]
