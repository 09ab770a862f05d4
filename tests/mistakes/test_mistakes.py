"""What every mistake has, and the runs that are made with one."""

from fractions import Fraction

import pytest
from small_runs import HEAD, attention, feed_forward, made, rows

from byhand.errors import DomainError, UnknownNameError
from byhand.mistakes import MISTAKES, applying, cells_apart, cells_changed, changes, foil, resumed
from byhand.worksheet.messages import messages


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_and_mended_in_whole_sentences(name, turned):
    told, mend = (messages().mistake(name, part, turned) for part in ("told", "mend"))
    for sentence in (told, mend):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert len(sentence) <= 120
        assert "\n" not in sentence
        assert not {"{", "}"} & set(sentence)
    assert told != mend


def test_what_is_a_row_of_tokens_may_be_a_column_of_the_page():
    said, name = messages().mistake, "softmax-over-columns"
    assert said(name, "told") == "Each power divided by the sum of its column."
    assert said(name, "told", transposed=True) == "Each power divided by the sum of its row."
    assert said(name, "mend", transposed=True).startswith("Divide each power by the sum of its own column,")
    assert said("transposed", "told", transposed=True).startswith("Columns of a square weight in place of its rows:")


def test_a_mistake_has_the_name_of_its_function():
    assert {name: mistake.name for name, mistake in MISTAKES.items()} == {name: name for name in MISTAKES}
    assert all(mistake.rewrite.__name__ == name.replace("-", "_") for name, mistake in MISTAKES.items())


def test_an_unknown_foil_is_an_error():
    with pytest.raises(UnknownNameError, match="no foil 'no-root'; did you mean 'no-sqrt'"):
        foil(attention(), "no-root")


def test_a_run_shows_only_the_mistakes_it_has_a_place_for():
    assert applying(feed_forward()) == ["no-relu", "relu-before-bias"]
    assert "no-mask" not in applying(attention(attention_dir="bidirectional"))
    assert applying(made("matrix-product", inputs={"A": [[1, 2]], "B": [[3], [1]]})) == []


def test_what_a_mistake_leaves_alone_is_no_change():
    assert [*changes(attention(), "no-sqrt")] == [HEAD + "scores_scaled[0]"]
    assert not changes(attention(), "no-relu")


def test_a_mistake_is_counted_in_the_cells_where_it_is_made():
    assert cells_changed(feed_forward(), "no-relu") == 1
    assert cells_changed(attention(), "no-sqrt") == 3
    assert cells_changed(attention(), "softmax-over-columns") == 3


def test_what_cannot_be_computed_differs():
    tape, wrong = attention(), attention().replay(numbers={HEAD + "scores_scaled[0]": [[0, 0], [Fraction(1, 2), 0]]})
    with pytest.raises(DomainError):
        wrong.values(HEAD + "hook_pattern[0]")
    assert cells_apart(tape, wrong, HEAD + "hook_pattern[0]") == 4


def test_a_resumed_run_keeps_what_comes_before_the_change():
    tape = attention()
    changed = resumed(tape, {}, {HEAD + "hook_pattern[0]": [[1, 0], [0, 1]]})
    assert changed.steps[HEAD + "hook_v[0]"].op is None
    assert rows(changed, HEAD + "hook_z[0]") == [[2], [2]]
