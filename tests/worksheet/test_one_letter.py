"""One letter has one meaning on a sheet, and what is learned is shaded as such."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import pytest
from every_sheet import in_turn, made

from byhand.model.names import symbol
from byhand.worksheet.document import Document, Panel

TURNED = r"^{\mathrm{T}}"
# x is whatever a norm reads: what is found on the way to its result has the same letters in every norm.
OF_A_NORM = re.compile(r"\\mu|x - \\mu|\\sigma(\^2)?|r(\^2)?|(\(x - \\mu\) \\div \\sigma|x \\div r)")


def panels(document: Document) -> Iterator[Panel]:
    return (panel for section in document.sections for block in section.blocks for panel in block.matrices)


Rows = frozenset[tuple[object, ...]]


def shown(panel: Panel) -> Rows:
    """The rows, or the columns, of a matrix as they stand on a page with all its answers."""
    return frozenset(tuple(cell.value for cell in row) for row in panel.cells)


@pytest.mark.parametrize(("sheet", "level"), in_turn("standard", "easy", "stretch"))
def test_a_letter_stands_for_one_step_only(sheet, level):
    """Or for rows of one, which are looked up, appended or found once more."""
    steps = defaultdict[str, dict[str, Rows]](dict)
    for panel in panels(made(sheet, level=level)[0]):
        letter = (panel.caption or panel.symbol).removesuffix(TURNED)
        if panel.symbol.endswith(TURNED) or OF_A_NORM.fullmatch(letter) or letter.startswith(r"\text{"):
            continue  # a caption in words, such as a sum, says what it is
        steps[letter].setdefault(panel.step, shown(panel))
    alike = {
        letter: names for letter, names in steps.items()
        if not all(one <= other or other <= one for one, other in combinations(names.values(), 2))
    }  # fmt: skip
    assert {letter: [*names] for letter, names in alike.items()} == {}


@pytest.mark.parametrize(
    ("sheet", "learned"),
    [
        ("distance-buckets", "attn.table"),
        ("adaptive-span", "span.z"),
        ("relative-positions", "blocks.0.attn.rel_pos_keys"),
    ],
)
def test_what_attention_has_learned_of_distances_is_shaded(sheet, learned):
    assert {panel.role for panel in panels(made(sheet)[0]) if panel.step == learned} == {"parameter"}


def test_a_sheet_names_a_step_by_its_whole_name_before_all_ends_of_it():
    of_sheet = {"encoder.0.attn.z": "Z_e", "z": "Y"}
    assert [symbol(f"{part}.0.attn.z", 1, of_sheet) for part in ("encoder", "decoder")] == ["Z_e", "Z"]
