"""Sheets as notebooks: what is given and filled in is the run's, and the notebook itself says what is right."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import re
import sys
import zlib
from contextlib import suppress
from fractions import Fraction
from random import Random
from typing import Any

import nbformat
import pytest
from every_sheet import CASES, FULL, made
from kinds import kinds_and_run
from run_notebook import CHECK, ran, with_answers
from written_back import number, panels, right

from byhand.arithmetic.floats import FLOATS
from byhand.errors import DomainError
from byhand.formats import Setup
from byhand.formats.notebook import arrays as of_arrays
from byhand.formats.notebook import checks as checking
from byhand.formats.notebook.arrays import NEVER
from byhand.formats.notebook.arrays import number as entered
from byhand.formats.notebook.inlined import inlined
from byhand.formats.notebook.notebook import notebook
from byhand.formats.page_json import page_json
from byhand.marking.rules import Rules
from byhand.marking.verdicts import Judged
from byhand.mistakes import applying, mistaken
from byhand.notation import typed
from byhand.notation.inline import spoken
from byhand.notation.number import plain
from byhand.notation.typed import formula, read
from byhand.page import reader
from byhand.page.page import lower
from byhand.page.parts import Matrix
from byhand.page.reader import Mistaken, Paper, Rewritten, Sources
from byhand.tape import Tape
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import Strip

CHECKED = ["attention-head", "softmax", "layer-norm", "kv-cache", "cross-attention", "gpt"]
ROLES = ("ask", "copy", "entry")


def book(document, run, view="key", **setup) -> Any:
    made = notebook(lower(document, run), view, Setup(**setup)).decode()
    found = nbformat.reads(made, 4)
    nbformat.validate(found)
    return found


def checks(cells):
    """The cells that check, of those that were run."""
    return [cell for cell in cells if CHECK.search(cell.source)]


def arrays(cells):
    """What each array in the cells of a notebook is called, and its numbers, None for a blank."""
    for cell in cells:
        code = re.compile(
            r"^# ([^\n]+): \d+ rows?, [^\n]*\n(?:#[^\n]*\n)?\S+ = array\((\[.*?^\])\)$", re.MULTILINE | re.DOTALL
        )
        for title, text in re.findall(code, cell["source"]):
            rows = ast.literal_eval(re.sub(r"#.*", "", text).replace("...", "None"))
            flat = [x for row in rows for x in row]
            yield title, tuple(x if x is None else number(x if isinstance(x, str) else plain(x)) for x in flat)


def figures(document, run, shown):
    """The matrices of each figure, those of a product without blanks first: what each is called, and its numbers. And
    whether a notebook may leave it out, since the array is there already.
    """
    for block in (block for section in document.sections for block in section.figures if block.matrices):
        of = panels(block)
        if isinstance(block, Strip) and any(panel.right is not None for panel in of):
            continue  # to be ticked: they stand in the prose
        for panel in of if isinstance(block, Strip) else sorted(of, key=lambda panel: panel.has_blanks):
            is_copy = panel.role == "copy" or not panel.has_blanks
            title = ", ".join(map(spoken, Matrix(panel).titles))
            yield (title, tuple(right(cell, run, shown) for cell in panel.flat)), is_copy


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_what_is_given_and_filled_in_is_what_the_run_has(sheet, seed, orientation):
    document, run = made(sheet, seed, orientation=orientation)
    for view in ("worksheet", "key"):
        left = [*arrays(book(document, run, view).cells)]
        for matrix, may_be_there_already in figures(document, run, view == "key"):
            if left and left[0] == matrix:
                left.pop(0)
            else:
                assert may_be_there_already
        assert not left


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_the_key_runs_to_its_end_and_the_worksheet_stops_at_each_blank(sheet, seed, orientation):
    document, run = made(sheet, seed, orientation=orientation)
    filled = [*ran(book(document, run))]
    assert not [cell for cell in filled if cell.error]
    assert checks(filled)
    assert all(re.fullmatch(r".+: right\.\n", cell.printed) for cell in checks(filled))
    empty = [*ran(book(document, run, "worksheet"))]
    assert not [cell for cell in empty if cell.error and cell not in checks(empty)]
    for cell in checks(empty):
        assert re.fullmatch(r".+: (\d+) of \1 still to fill in, the first at .+\.", str(cell.error))


@pytest.mark.parametrize("options", [
    {"numbers": "decimal"}, {"numbers": "decimal", "rounding": "once", "places": 3}, {"base": "e", "numbers": "decimal"},
    {"level": "easy"}, {"level": "stretch"}, {"numbers": "symbolic", "seed": 0},
])  # fmt: skip
def test_the_key_is_right_in_every_kind_of_numbers_and_at_every_level(options):
    document, run = made("attention-head", **{"seed": 3, **options})
    assert all(cell.printed.endswith("right.\n") for cell in checks(ran(book(document, run))))


def test_every_kind_of_question_has_a_cell():
    document, run = kinds_and_run()
    filled = checks(ran(book(document, run)))
    assert all(cell.printed.endswith(": right.\n") for cell in filled), [cell.printed for cell in filled]
    asked = re.findall(r'check\("\d+\.(\w+?)(?:_\d+)?"', "".join(cell.source for cell in filled))
    assert {*asked} >= {"X", "W_Q", "b_V", "table", "S", "choice", "claim", "tick"}


# one number is changed; the next step is computed from one's own scores, with exact numbers or in floating point
SLIPS = [
    {"S": "S[0][1] += 8", "M": "M = S / 2"},
    {"S": "S[0][1] += 8", "M": "M = np.array(S, dtype=float) / 2"},
]


@pytest.mark.parametrize("answers", SLIPS)
def test_one_slip_costs_one_cell_and_the_rest_follows(answers):
    document, run = made("attention-head")
    text = "".join(cell.printed for cell in with_answers(book(document, run), answers))
    assert re.search(r"^S: 1 of 8 not right: S, row birds, column eat\.", text, re.MULTILINE) or "S: 1 of" in text
    assert re.search(
        r"^M: 1 of 9 follow from your own numbers, but a number before is not right:", text, re.MULTILINE
    )


def evaluated(run):
    """A tape of a run, with all its numbers, in floating point: mistakes may leave the rationals."""
    given = {name: [[float(x) for x in row] for row in run.rows[name]] for name, s in run.steps.items() if not s.op}
    tape = Tape(FLOATS, given)
    tape.steps = dict(run.steps)
    for step in run.steps:
        tape.values(step)
    return tape


def hits(document, run, name):
    """What a notebook says to a student who makes a classic mistake throughout, wherever the shapes allow it."""
    wrong, _ = mistaken(evaluated(run), name)
    asked = {blank.cell.step for blank in document.blanks() if blank.role == "ask"}
    fits = [step for step in asked if step in wrong.steps and wrong.steps[step].shape == run[step].shape]
    own = {}
    for step in fits:
        with suppress(DomainError):  # what cannot be computed stays right
            own[step] = wrong.values(step)
    return "".join(cell.printed for cell in ran(book(document, run), own, document))


@pytest.mark.parametrize("sheet", ["attention-head", "causal-mask", "layer-norm", "feed-forward", "hashed-attention"])
def test_classic_mistakes_are_named(sheet):
    """Those that a reader of the page can make, as the marker has it: nobody makes one in what is printed."""
    document, run = made(sheet, 1)
    page = lower(document, run)
    figures = {blank.cell.step for blank in document.blanks() if blank.role == "ask"}
    for name in applying(evaluated(run)):
        if not figures.intersection(page.reader.mistakes.get(name, figures)):
            continue  # made in a table only, which `hits` fills in right
        text = hits(document, run, name)
        assert (page.mistake(name)[0] in text) == (name in page.reader.mistakes), name
        assert "not right" in text or name not in page.reader.mistakes
    assert len({*applying(evaluated(run))} & {*page.reader.mistakes}) >= 2


def verdicts(found, answers):
    """What a notebook says of the answer in each blank, where all tasks are checked in their order."""
    space: dict[str, Any] = {"__name__": "__main__"}
    (source,) = [cell["source"] for cell in found.cells if "Checker(\n" in cell["source"]]
    exec(compile(source, "cell", "exec"), space)
    check = space["check"]
    for name in re.findall(r'^check\("([^"]+)"', "\n".join(cell["source"] for cell in found.cells), re.MULTILINE):
        task = check.data["tasks"][name]
        cells = [(cell, answers[cell["id"]]) for cell in task["cells"] if "seal" not in cell]
        for sheet in check.sheets:
            sheet.check({cell["id"]: check.number(task, cell, entry, sheet) for cell, entry in cells})
        yield from ((cell["id"], check.verdict(task, cell, entry)) for cell, entry in cells)


def who_slips(rules, share, dice):
    """The answers of a student who writes another number in some blanks, and goes on with it where that is exact."""
    judged, written = Judged.of(rules, {}), {}
    paper = Paper(rules, written, judged.paper.printed, judged.reckoning.compute)
    for name, blank in rules.blanks.items():
        value = paper.follows(blank) if blank.role in ROLES else None
        is_exact = isinstance(value, int | Fraction) or value == NEVER
        slips = blank.role == "ask" and dice.random() < share
        written[name] = dice.randint(-9, 9) if slips else value if is_exact else judged.key(blank)
    return {
        name: judged.word(value) if rules.blanks[name].role == "word" else plain(value)
        for name, value in written.items()
    }


@pytest.mark.parametrize("sheet", CHECKED)
def test_a_notebook_says_what_the_marker_says(sheet):
    """Of numbers of the student's own in place of printed ones, which the marker tries, a notebook knows nothing."""
    document, run = made(sheet, 1)
    found, rules, dice = book(document, run, "worksheet"), Rules(document, run), Random(sheet)
    seen = set()
    for share in (0.02, 0.1, 0.3):
        answers = who_slips(rules, share, dice)
        judged = Judged.of(rules, answers)
        said = {name: verdict for name, verdict in verdicts(found, answers) if rules.blanks[name].role in ROLES}
        marked = {name: judged.judgement(name) for name in said}
        assert said == {name: "wrong" if each.source else each.verdict for name, each in marked.items()}
        seen |= {*said.values()}
    assert seen == {"right", "followed", "wrong"}


def data(found):
    """What the folded cell holds, unpacked."""
    (source,) = [cell["source"] for cell in found.cells if "Checker(\n" in cell["source"]]
    packed = "".join(re.findall(r"^    '(.*)',?$", source.rpartition("Checker(")[2], re.MULTILINE))
    return json.loads(zlib.decompress(base64.b85decode(packed)))


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_no_answer_stands_in_the_folded_cell(sheet, seed):
    """It has the page as data, which holds none, and of what is checked no number and no right option or word."""
    document, run = made(sheet, seed)
    held = data(book(document, run, "worksheet"))
    assert held.keys() == {"page", "tasks", "letters", "told", "says"}
    whole = json.loads(page_json(lower(document, run), "key", Setup()))
    assert all(held["page"][key] == whole[key] for key in held["page"].keys() - {"sections"})
    for own, other in zip(held["page"]["sections"], whole["sections"], strict=True):
        assert own == {key: other[key] for key in own} | {"replies": own["replies"]}
        assert not any("answer" in reply for reply in own["replies"])
    for task in held["tasks"].values():
        assert all(cell.keys() <= {"id", "at", "called", "seal"} for cell in task["cells"])
    steps = [step["name"] for step in held["page"]["steps"]]
    printed = {at for section in document.sections for at, each in section.front.items() if not each.role}
    assert {(steps[s], i, j) for s, i, j, _ in held["page"].get("printed", ())} <= printed
    told = {
        (step["name"], i, j)
        for step in held["page"]["steps"]
        for i, row in enumerate(step.get("values", ()))
        for j, value in enumerate(row)
        if value is not None
    }
    assert all(told.isdisjoint(section.asked_places) for section in document.sections)


def test_an_option_is_sealed_under_the_id_of_its_reply():
    """Else the seal of a true statement would be the same on every sheet, and anybody could look it up."""
    document, run = kinds_and_run()
    cells = [cell for task in data(book(document, run))["tasks"].values() for cell in task["cells"]]
    ids = {cell["id"] for cell in cells if "seal" in cell} - {blank.id for blank in document.blanks()}
    assert ids == {reply.id for reply in document.replies() if reply.options}


def test_the_rules_stand_in_the_metadata_as_text():
    document, run = made("attention-head")
    about = book(document, run).metadata["byhand"]
    steps = [*map(json.loads, about["steps"])]
    assert steps == json.loads(page_json(lower(document, run), "key", Setup()))["steps"]
    (scores,) = (step for step in steps if step["name"] == "blocks.0.attn.scores_raw[0]")
    assert scores["rule"][:3] == ["bigsum", "k", 4]
    assert (about["sheet"], about["view"], about["seed"]) == ("attention-head", "key", "0")


def test_without_feedback_nothing_tells_right_from_wrong():
    document, run = made("attention-head", 3)
    found = book(document, run, "worksheet", feedback=False)
    whole = nbformat.writes(found)
    assert "check" not in "".join(cell["source"] for cell in found.cells if cell.cell_type == "code")
    assert not {"rules", "given", "steps"} & found.metadata["byhand"].keys()
    assert "seal" not in whole
    assert not [cell for cell in ran(found) if cell.error]


ALLOWED = {"schema_version", "grade", "locked", "solution", "task", "grade_id", "points", "checksum", "cell_type"}
REQUIRED = {"schema_version", "grade", "locked", "solution"}  # nbgrader/nbgraderformat/v3.json, nbgrader 0.9.6


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_nbgrader_finds_its_metadata(sheet, seed):
    document, run = made(sheet, seed)
    templates = []
    for view in ("worksheet", "key"):
        found = book(document, run, view, nbgrader=True)
        marked = [cell for cell in found.cells if "nbgrader" in cell.metadata]
        about = [cell.metadata["nbgrader"] for cell in marked]
        assert all(REQUIRED <= each.keys() <= ALLOWED and each["schema_version"] == 3 for each in about)
        names = [each["grade_id"] for each in about]
        assert len({*names}) == len(names)
        assert all(re.fullmatch(r"[A-Za-z0-9_\-]+", name) for name in names)
        assert all(isinstance(each["points"], int) for each in about if each["grade"])
        tests = [c for c in marked if c.metadata["nbgrader"]["grade"] and c.metadata["nbgrader"]["locked"]]
        assert all(CHECK.search(cell["source"]) for cell in tests)
        assert all(("HIDDEN TESTS" in cell["source"]) == (view == "key") for cell in tests)
        solved = [c for c in marked if c.metadata["nbgrader"]["solution"] and c.cell_type == "code"]
        by_hand = [c for c in solved if c.metadata["nbgrader"]["grade"]]
        assert len(by_hand) == len([block for block in document.blocks if isinstance(block, Construction)])
        assert len(solved) == len(tests) + len(by_hand)
        written = [cell["source"].partition("### BEGIN SOLUTION\n") for cell in solved]
        assert all(bool(solution) == (view == "key") for _, _, solution in written)
        templates.append([template.strip() for template, _, _ in written])
    assert templates[0] == templates[1]  # what the students get stands above each solution
    assert "nbgrader" not in nbformat.writes(book(document, run))


def points(found, answers):
    """What the checks of a notebook for nbgrader are worth, and what they give for these answers."""
    about = [cell.metadata.get("nbgrader", {}) for cell in found.cells if cell.cell_type == "code"]
    given = [cell.value for cell in checks(with_answers(found, answers))]
    return [each["points"] for each in about if each.get("grade") and each["locked"]], given


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_for_nbgrader_a_key_has_all_points_and_a_blank_sheet_none(sheet, seed):
    document, run = made(sheet, seed)
    worth, given = points(book(document, run, nbgrader=True), {})
    assert given == worth
    worth, given = points(book(document, run, "worksheet", nbgrader=True), {})
    assert given == [0] * len(worth)


LOST = [
    *((slip, 1) for slip in SLIPS),
    ({"S": "S[0][1] = ..."}, 1),
    ({"S": "S[0][1] = 'cat'"}, 1),
    ({"S": "S = 5"}, 8),
]


@pytest.mark.parametrize(("answers", "lost"), LOST)
def test_for_nbgrader_a_slip_or_a_blank_costs_its_own_point_only(answers, lost):
    worth, given = points(book(*made("attention-head"), nbgrader=True), answers)
    assert given == [worth[0] - lost, *worth[1:]]


def test_for_nbgrader_a_check_of_ones_own_earns_nothing():
    found = book(*made("attention-head"), nbgrader=True)
    names = [CHECK.search(cell["source"])[2] for cell in checks(found.cells)]
    own = "\ncheck = type('', (), {'points': lambda self, *given: 99})()"
    _, given = points(found, {name: f"{name} = ...{own}" for name in names})
    assert given == [0] * len(names)


LINES = [  # what is written for S, and the line that stops the run
    ('S = array([["cat", *S[0][1:]], *S[1:]])', ""),  # the first cell is printed
    ("S[2][1] = 'cat'", 'S, row seeds, column eat: “cat” is no number; write 3, 0.25, "1/2" or "-inf".'),
    ("S[2][1] = float('nan')", 'S, row seeds, column eat: “nan” is no number; write 3, 0.25, "1/2" or "-inf".'),
    ("S = S[:2]", "S needs a number for each cell: its shape is 3 × 3."),
    ("S = 5", "S needs a number for each cell: its shape is 3 × 3."),
    ("S = ...", "S: 8 of 8 still to fill in, the first at S, row birds, column eat."),
    ("S[2][1] = '?'", "S: 1 of 8 still to fill in, the first at S, row seeds, column eat."),
]


@pytest.mark.parametrize(("code", "line"), LINES)
def test_what_cannot_be_checked_stops_with_a_line(code, line):
    document, run = made("attention-head", 3)
    first, *_ = checks(with_answers(book(document, run), {"S": code}))
    assert ("" if first.error is None else str(first.error)) == line


def test_the_same_sheet_gives_the_same_bytes():
    document, run = made("causal-mask", 3)
    assert notebook(lower(document, run), "key", Setup()) == notebook(lower(document, run), "key", Setup())


@pytest.mark.parametrize(("entry", "value"), [
    (3, 3), (0.25, Fraction(1, 4)), ("1/2", Fraction(1, 2)), ("−3/4", Fraction(-3, 4)), ("0,5", Fraction(1, 2)),
    ("-inf", NEVER), ("−∞", NEVER), (float("-inf"), NEVER), (Fraction(2, 3), Fraction(2, 3)), ("2^-3", Fraction(1, 8)),
    ("√4", 2), ("2(1/2)", 1), ("1,000,000", 1_000_000), ("1½", Fraction(3, 2)), ("0.5 + 1", Fraction(3, 2)), (..., None), ("", None), (" ? ", None), (None, None),
])  # fmt: skip
def test_a_number_may_be_written_in_many_ways(entry, value):
    assert entered(entry) == value


@pytest.mark.parametrize("entry", ["cat", "1/0", "__import__('os')", "2**99999", True, "9**9**9", "[1]", "3 4"])
def test_what_is_no_number_is_said_in_a_line(entry):
    with pytest.raises(ValueError, match="is no number"):
        entered(entry)


def test_a_letter_has_its_value():
    assert entered("2a − b", {"a": Fraction(3), "b": Fraction(1)}) == 5


@pytest.mark.parametrize("what", [read, formula, Sources, Paper, Rewritten, Mistaken])
def test_the_folded_cell_holds_the_reader_of_byhand_as_it_stands(what):
    assert inspect.getsource(what).rstrip() in inlined("arrays", "checks")[0]


def test_what_a_cell_defines_by_itself_stands_for_few_names_only():
    own = {
        name
        for file in (of_arrays, checking)
        for name, value in vars(file).items()
        if getattr(value, "__module__", file.__name__) == file.__name__ and not name.startswith("__")
    }
    others = {name for file in (typed, reader) for name in vars(file) if not name.startswith("__")}
    assert own & others - {"math", "re", "ast"} == {"Blank", "Ref", "Run", "Step", "Struct", "field", "replace"}


@pytest.mark.parametrize("names", [("arrays",), ("arrays", "checks")])
def test_the_folded_cell_needs_numpy_and_the_standard_library(names):
    code, defined = inlined(*names)
    modules = {
        module.partition(".")[0]
        for node in ast.walk(ast.parse(code))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert modules <= sys.stdlib_module_names | {"numpy"}
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, "cell", "exec"), space)
    assert space.keys() - {"__name__", "__annotations__", "__builtins__", "annotations"} == defined


@pytest.mark.skipif(not FULL, reason="make test-formats runs notebooks by nbclient")
@pytest.mark.parametrize(("sheet", "seed"), [case for case in CASES if case[1] == 0])
def test_jupyter_runs_the_key_to_its_end_and_the_worksheet_stops_with_a_line(sheet, seed):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is missing")
    pytest.importorskip("ipykernel", reason="ipykernel is missing")
    document, run = made(sheet, seed)
    found = nbclient.NotebookClient(book(document, run), timeout=120, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in found.cells if cell.get("source", "").startswith("check(")]
    assert all("".join(part.text for part in parts).endswith(": right.\n") for parts in outputs)
    client = nbclient.NotebookClient(
        book(document, run, "worksheet"), timeout=120, kernel_name="python3", allow_errors=True
    )
    stopped = [cell.outputs for cell in client.execute().cells if cell.get("source", "").startswith("check(")]
    assert stopped
    for *_, output in stopped:
        assert output.output_type == "error"
        assert output.traceback == [output.evalue]
        assert "still to fill in" in output.evalue
