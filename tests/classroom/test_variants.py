"""Copies of a run, and what each of them says."""

from byhand.classroom.variants import run_variants
from byhand.pipeline import Options, choose_numbers
from byhand.worksheet.sheet import load_sheet


def test_what_is_the_same_in_every_copy_is_said_of_each():
    sheet, options = load_sheet("shapes"), Options()
    run = run_variants(sheet, choose_numbers(sheet, options)[0], ["a", "b"], options)
    assert list(run.filled("3 × 6")) == ["3 × 6"] * 3
    assert len(set(run.filled(run.document.stamp["hash"]))) == 3
