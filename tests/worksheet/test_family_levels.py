"""The family, and sheets like it: each asks for a construction, and easy leaves out a third of the time."""

import pytest
from every_sheet import a_share

from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.construction import Construction
from byhand.worksheet.sheet import load_sheet

SHEETS = (
    "adaptive-span", "beam-search", "distance-buckets", "family-tree", "flash-attention", "grouped-query-attention", "hashed-attention", "kv-cache",
    "latent-attention",
    "linear-attention", "llama-block", "low-rank-attention", "microgpt", "mixture-of-experts", "nearest-neighbours",
    "position-biases", "recurrent-depth", "relative-positions", "reversible", "rotary", "sampling", "segment-memory",
    "sparse-patterns",
)  # fmt: skip


def constructions(document):
    return [block for block in document.blocks if isinstance(block, Construction)]


@pytest.mark.parametrize("sheet", a_share(SHEETS, 4))
def test_easy_saves_a_third_of_the_time_and_leaves_the_construction_out(sheet):
    (standard, run), (easy, _) = (prepare(load_sheet(sheet), Options(level=level)) for level in ("standard", "easy"))
    (asked,) = constructions(standard)
    assert asked.judged(asked.solution(run), run.value, standard.messages) == ("right", "")
    assert not asked.test.holds(run.value)
    assert constructions(easy) == []
    assert easy.effort.seconds <= standard.effort.seconds * 2 / 3
