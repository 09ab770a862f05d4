"""A small share of the standing attack: all that it tries ends right. `make attack` tries more."""

from __future__ import annotations

from random import Random

import pytest
from attack import ATTACKS, copies, disk, given, pages, records, told  # noqa: F401 - which register their attacks
from every_sheet import a_share

from byhand.errors import ValuesError, WitnessError


@pytest.mark.parametrize("name", a_share([name for name, kind in ATTACKS.items() if kind.few]))
def test_a_share_of_the_attack_ends_right(name, tmp_path):
    kind = ATTACKS[name]
    outcomes = list(kind.attack(Random(f"test {name}"), tmp_path, kind.few))
    assert len(outcomes) == kind.few
    assert [outcome for outcome in outcomes if outcome] == []


def raising(error):
    def act():
        raise error

    return act


def test_what_ends_otherwise_is_wrong():
    assert told(lambda: "") == told(raising(ValuesError("one clear line"))) == ""
    assert told(lambda: "not found") == "not found"
    assert told(raising(WitnessError("x, row 1"))) == "a run that the second witness denies: x, row 1"
    assert told(raising(ValuesError("two\nlines"))) == r"no clear line: 'two\nlines'"
    assert told(raising(KeyError("x"))) == "KeyError: 'x'"


def test_what_takes_too_long_is_wrong(monkeypatch):
    monkeypatch.setattr("attack.LONGEST_TRY", 0.05)

    def act():
        while True:
            pass

    assert told(act) == "TooLongError: over 0.05 s of processor time"
