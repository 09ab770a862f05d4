"""A model from elsewhere, whose wiring the witness does not know: what is made with it is never called right."""

import pytest
from click.testing import CliRunner
from every_sheet import FULL

from byhand.cli import main
from byhand.model import MODELS
from byhand.model.registry import model
from byhand.ops.linear import matmul
from byhand.reading.verdict import Finding
from byhand.reading.verify import report

SHEET = """---
title: Squared
model: squared
goal: A matrix times itself
config: {n_ctx: 2, d_model: 2}
numbers: exact
objectives: [square a matrix]
inputs: {x: [[1, 2], [3, 4]]}
---
## Square it

{{ given("x") }}

{{ ask("x2") }}
"""


@pytest.fixture
def squared(folder):
    """A sheet of one's own on a model of one's own."""

    @model("squared", part="heads")
    def squared(build):
        x = build.matrix("x", ("row", "column"))
        return matmul(x, x, name="x2")

    (folder / "worksheets" / "squared.md").write_text(SHEET, encoding="utf-8")
    yield folder
    del MODELS["squared"]


def invoke(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_what_is_made_is_consistent_with_its_own_recording_and_no_more(squared, tmp_path):
    out = tmp_path / "out"
    made = invoke("generate", "squared", "--out", out, "--format", "html,pdf,json")
    assert made.exit_code == 0, made.stderr
    assert made.stderr.startswith(
        "byhand: no second implementation has squared: byhand verify will not call its pages right\n"
    )
    files = [path for path in sorted((out / "squared-seed0").iterdir()) if path.suffix in (".html", ".pdf", ".json")]
    assert len(files) == 5
    for file in files:
        (line,), finding = report(file)
        assert finding is Finding.CONSISTENT
        assert line.endswith("; no second implementation has 1 of the steps of squared, such as x2: "
                             "consistent with its own recording")  # fmt: skip
        assert invoke("verify", file).exit_code == 1
    whole = invoke("verify", out)
    assert (whole.exit_code, whole.stdout.splitlines()[-1]) == (
        1, f"{out}: 5 files, 0 right, 5 consistent with its own recording",
    )  # fmt: skip


def test_a_wrong_number_is_wrong_even_so(squared, tmp_path):
    assert invoke("generate", "squared", "--out", tmp_path, "--format", "json").exit_code == 0
    file = tmp_path / "squared-seed0" / "run.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"22"', '"23"'), encoding="utf-8")
    assert report(file)[1] is Finding.WRONG


@pytest.mark.skipif(not FULL, reason="a class takes ten seconds; make test-every makes it")
def test_a_class_of_it_is_not_called_right_together_either(squared, tmp_path):
    made = invoke("class", "squared", "--anonymous", "2", "--out", tmp_path)
    assert made.exit_code == 0, made.stderr
    copies = [*tmp_path.rglob("*1.pdf")]
    assert copies
    assert {report(copy)[1] for copy in copies} == {Finding.CONSISTENT}
    assert " 0 right" in invoke("verify", tmp_path).stdout
