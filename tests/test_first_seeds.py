"""The numbers that the wheel brings, and those in the cache, are what a search finds, and stand for no other search."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from byhand import brought, choose, first_seeds
from byhand.numbers import choice
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

SEEDS = range(1, 4)


@pytest.fixture
def brought_of(tmp_path, monkeypatch):
    """Bring the numbers of a sheet's first seeds, and let a search fail."""
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path / name)  # nothing is kept
    monkeypatch.setattr(first_seeds, "SEEDS", SEEDS)
    monkeypatch.setattr(brought, "FILE", Path(tmp_path, "brought.bin"))
    brought._index.cache_clear()

    def bring(*sheets):
        found = dict(filter(None, map(choose.first_numbers, sheets)))
        brought.FILE.write_bytes(brought.packed(found))
        brought._index.cache_clear()
        monkeypatch.setattr(choice, "choose", None)

    yield bring
    brought._index.cache_clear()


@pytest.mark.parametrize("sheet", ["gpt", "low-rank-attention", "sizing"])  # words; fractions; large numbers
def test_brought_numbers_are_those_that_a_search_finds(sheet, brought_of):
    def run_of(seed):
        document, run = prepare(load_sheet(sheet), Options(seed=seed))
        return run.texts, run.tokens, run.vocabulary, run.hash, run.quality, document.effort.minutes

    searched = [*map(run_of, SEEDS)]
    brought_of(sheet)
    assert [*map(run_of, SEEDS)] == searched


@pytest.mark.parametrize(
    "options",
    [Options(seed=4), Options(seed=1, base=3), Options(seed=1, level="easy"), Options(seed=1, answer="sat on mat"),
     Options(seed=1, tokens=("the", "cat", "sat"))],
)  # fmt: skip
def test_other_numbers_are_searched_for(options, brought_of):
    brought_of("gpt")
    sheet = load_sheet("gpt")
    assert choose.choose(sheet, Options(seed=1).on(sheet))[1]["promises"]
    with pytest.raises(TypeError, match="not callable"):
        choose.choose(sheet, options.on(sheet))


@pytest.mark.parametrize("sheet", ["gpt", "low-rank-attention", "sizing"])
def test_numbers_that_were_kept_are_those_that_a_search_finds(sheet, tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path / name)
    asked = Options(seed=60)

    def made(options):
        document, run = prepare(load_sheet(sheet), options)
        return run.texts, run.tokens, run.vocabulary, run.hash, run.quality, document.effort.minutes

    searched = made(replace(asked, cache=False))
    assert not (tmp_path / "byhand" / "numbers").exists()
    assert made(asked) == searched
    monkeypatch.setattr(choice, "choose", None)
    assert made(asked) == searched
    with pytest.raises(TypeError, match="not callable"):
        made(replace(asked, level="easy"))


def test_letters_are_not_searched_for():
    assert choose.first_numbers("attention-in-letters") is None
