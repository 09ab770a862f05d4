"""The small mistakes that `make mutate` makes in the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
TEXT = '''@op(example([[1]]))
def f(x: Literal[1] = 2, *, y: int) -> "int":
    """A text with 3 < 4."""
    for k in x:
        if k < 1 and not y:
            break
    return f"{k + 1}" + "a" if k is None else -k
'''


@pytest.fixture
def mutate(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import mutate

    return mutate


def test_comparisons_sums_conditions_and_numbers_are_changed_and_no_texts_types_or_decorators(
    mutate, monkeypatch, tmp_path
):
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    (tmp_path / "f.py").write_text(TEXT)
    told = {str(each) for each in mutate.mutations(Path("f.py"))}
    assert told == {
        "f.py:2: 2  →  (3)",
        "f.py:5: k < 1 and not y  →  (k < 1 or not y)",
        "f.py:5: k < 1  →  (k <= 1)",
        "f.py:5: 1  →  (2)",
        "f.py:5: not y  →  (y)",
        "f.py:6: break  →  continue",
        """f.py:7: f"{k + 1}" + "a" if k is None else -k  →  (-k if k is None else f'{k + 1}' + 'a')""",
        "f.py:7: k + 1  →  (k - 1)",
        "f.py:7: 1  →  (2)",
        "f.py:7: k is None  →  (k is not None)",
        "f.py:7: -k  →  (k)",
    }


def test_each_change_is_one_and_is_python(mutate):
    file = Path("byhand/marking/tally.py")
    text = (mutate.ROOT / file).read_bytes()
    changes = [*mutate.mutations(file)]
    changed = {ast.dump(ast.parse(each.apply(text))) for each in changes}
    assert len(changed) == len(changes) > 100
    assert ast.dump(ast.parse(text)) not in changed


def test_a_seed_chooses_the_same_places_and_another_one_others(mutate):
    one, again, other = (mutate.chosen(["ops", "reading"], 11, seed) for seed in (0, 0, 1))
    assert one == again != other
    assert [sum(each.file.parts[1] == room for each in one) for room in ("ops", "reading")] == [5, 6]


def test_the_tests_of_a_file_run_before_the_others_of_its_room(mutate):
    first, *others = mutate.tests_of(Path("byhand/numbers/choice.py"))
    assert first == "tests/numbers/test_choice.py"
    assert others.index("tests/numbers/test_words.py") < others.index("tests/numbers/test_meaning.py")
    of_ops = ["tests/ops/test_backward_rules.py", "tests/ops/test_position_rules.py", "tests/test_ops.py"]
    assert mutate.tests_of(Path("byhand/ops/linear.py")) == of_ops
