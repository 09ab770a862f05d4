"""A worksheet that answers, in a real browser: from a disk, offline, by keys alone, on a phone, in the dark."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random

import browser as browsers
import pypdfium2
import pytest
from browser import Browser, needs_axe, needs_chromium
from click.testing import CliRunner
from every_sheet import FULL
from jsonschema import Draft202012Validator
from kinds import kinds_and_run

sys.path.append(str(Path(__file__).parents[1] / "marking"))  # its simulated students
from properties import KINDS, marker, slips_made, some_mistake, who_made
from students import Page, Student

import byhand
from byhand.classroom.classes import make_class
from byhand.classroom.index import read_index
from byhand.classroom.roster import anonymous
from byhand.cli import main
from byhand.errors import AnswersError, ConfigError, UnreadableError
from byhand.formats import Setup
from byhand.formats.html.book import folder
from byhand.formats.html.page import Pages, css_string, short
from byhand.marking.causes import Diagnosis
from byhand.marking.mark import mark
from byhand.marking.verdicts import Judged
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.reading.verdict import Finding
from byhand.reading.verify import verify
from byhand.worksheet.document import Check, Picture
from byhand.worksheet.folders import shipped
from byhand.worksheet.front import sheet_files
from byhand.worksheet.order import after, order
from byhand.worksheet.sheet import load_sheet

pytestmark = needs_chromium
SHEETS = sorted({*sheet_files()} - {"attention-in-letters"})
SCHEMA = Draft202012Validator(json.loads(Path(byhand.__file__).with_name("answers.schema.json").read_text("utf-8")))
FEW = ("attention-head", "linear-layer", "shapes")
# letters; a wide table and grids; a norm and a sum; a guess without a picture
ON_PHONE = ("attention-in-letters", "family-tree", "layer-norm", "softmax")
STATES = "Object.fromEntries(byhand.checks.marks)"
SHOWN = {"right": "right", "followed": "own", "wrong": "not", "unreadable": "unread"}
SUMS = "[...document.querySelectorAll('.sums')].map((line) => line.textContent)"
WHOLE = "byhand.page.reveal(byhand.page.sections.at(-1).place)"  # on a phone, too
CHECK_ALL = """(() => {
  for (const check of document.querySelectorAll(".check")) check.click();
  for (const section of byhand.checks.boxes.keys()) byhand.checks.mark(section);
})()"""


def pytest_generate_tests(metafunc):
    if "sheet" in metafunc.fixturenames:
        metafunc.parametrize("sheet", SHEETS if metafunc.config.getoption("--every") else FEW)
    if "sheet_on_a_phone" in metafunc.fixturenames:
        metafunc.parametrize("sheet_on_a_phone", order() if metafunc.config.getoption("--every") else ON_PHONE)


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@cache
def page_of(sheet: str, seed: int = 3) -> Page:
    return Page.of(sheet, seed=seed)


@pytest.fixture
def opened(browser, tmp_path):
    """Open a worksheet as it lies on a disk; afterwards nothing was asked of the network, and nothing failed."""

    def open(sheet: str, setup: Setup | None = None, width: int = 1100, **asked) -> Browser:
        browser.sized(width, 844 if width < 500 else 900)
        known = (
            (page_of(sheet).document, page_of(sheet).run)
            if not asked
            else prepare(load_sheet(sheet), Options(**asked))
        )
        file = tmp_path / f"{sheet}.html"
        file.write_text(Pages(lower(*known)).html("worksheet", "screen", setup=setup), encoding="utf-8")
        browser.open(file)
        return browser

    yield open
    assert browser.faults == []
    assert (
        browser.run("performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith('data:')).length")
        == 0
    )


def typed(student: Student) -> dict[str, str]:
    """What a student types: copies fill themselves."""
    return {name: text for name, text in student.answers().items() if "/copy/" not in name}


def expected(page: Page, answers: dict[str, str]) -> dict[str, str]:
    """The states of the cells that the marker gives."""
    judged = Judged.of(marker(page).rules, answers)
    return {
        name: SHOWN[judgement.verdict] for name, judgement in judged.all.items()
        if judgement.verdict != "missing" and judgement.blank.role != "copy"
    }  # fmt: skip


def written(browser: Browser) -> dict[str, str]:
    return browser.run("byhand.page.answers.texts")


def sums_of(page: Page) -> Iterator[str]:
    """What stands below the checks of sums where all is right."""
    for section in page.document.sections:
        written = {blank.cell.step for blank in section.blanks}
        for step in (block.sums for block in section.words if isinstance(block, Check)):
            if step and step in written:
                seen = sorted({i for name, i, _ in section.front if name == step})
                sums = [sum(map(Fraction, page.run.texts[step][i])) for i in seen]
                exact = page.run.places is None
                texts = [f"{x}" if exact else f"{Decimal(x.numerator) / x.denominator:f}" for x in sums]
                yield f"Your sum{'s' if len(sums) > 1 else ''}: {', '.join(texts)}".replace("-", "−")


def test_a_sheet_filled_with_its_key_is_all_right(sheet, opened):
    browser = opened(sheet)
    sketches = [block.sketch for block in page_of(sheet).document.blocks if isinstance(block, Picture)]
    fields = {f"picture {at}/{n}": own for at, each in enumerate(sketches) for n, own in enumerate(each.answers, 1)}
    drawn = browser.run("[...document.querySelectorAll('.fields input')].map((field) => field.dataset.id)")
    fields = {name: fields[name] for name in drawn}  # smaller boxes are left to the pen
    browser.write({**typed(Student(page_of(sheet))), **page_of(sheet).ticks, **fields})
    browser.run(CHECK_ALL)
    states = browser.run(STATES)
    assert set(states.values()) == {"right"}
    assert len(states) == browser.run("[...byhand.checks.boxes.keys()].flatMap((s) => byhand.checks.idsOf(s)).length")
    assert {"All", "It"} >= set(
        browser.run("[...document.querySelectorAll('.found')].map((p) => p.textContent.split(' ')[0])")
    )
    pens = "byhand.pictures.pens.map((pen) => uncovered(byhand.page, pen.covered))"
    assert browser.run(pens) == [
        {"says": each.key_says, "answers": [*each.answers] or [""], "drawing": each.pen} for each in sketches
    ]
    assert browser.run(SUMS) == [*sums_of(page_of(sheet))]
    assert all(each.pen not in browser.run("document.getElementById('sheet').textContent") for each in sketches)
    complete = "byhand.pictures.pens.filter((pen) => Boolean(pen.drawn.firstChild) !== pen.answers.length > 0).length"
    assert browser.run(complete) == 0
    browser.run("for (const pen of byhand.pictures.pens) if (!pen.compare.hidden) pen.turnKey()")
    assert set(browser.run("[...document.querySelectorAll('.fields span')].map((s) => s.dataset.state)")) <= {"right"}


@pytest.mark.parametrize("name", ["flash-attention", "microgpt"])
def test_each_copy_fills_itself_also_from_its_own_section(name, opened):
    browser, page = opened(name), page_of(name)
    browser.write(typed(Student(page)))
    copies = {blank.id for blank in page.blanks if blank.role == "copy"}
    assert copies <= {each for each, text in written(browser).items() if text}


def test_one_slip_marks_its_cell_and_what_follows_from_it(sheet, opened):
    page, dice = page_of(sheet), Random(f"slip {sheet}")
    many = (slips_made(page, 1, dice.sample(KINDS, len(KINDS)), dice) for _ in range(50))
    made = next(slips for slips in many if "/copy/" not in slips[0].blank)
    browser = opened(sheet)
    browser.write(typed(who_made(page, made)))
    browser.run(CHECK_ALL)
    states, answers = browser.run(STATES), written(browser)
    assert {name: state for name, state in states.items() if name in page.by_id} == expected(page, answers)
    assert [name for name, state in states.items() if state == "not"] == [made[0].blank]


@pytest.mark.parametrize(("orientation", "labels"), [("rows", "sat"), ("columns", "1")])
def test_the_rows_of_what_is_not_right_are_told_by_their_labels(orientation, labels, opened):
    browser = opened("linear-layer", seed=3, orientation=orientation)
    changed = next(name for name in browser.run("byhand.page.known") if name.endswith("ask/y/3,1"))
    browser.write({changed: "77"})
    step = f"byhand.page.fields.get('{changed}').closest('section')"
    browser.run(f"{step}.querySelector('.check').click()")
    browser.run(f"[...{step}.querySelectorAll('.ladder button')].find((b) => b.textContent === 'Which row?').click()")
    assert browser.run(f"{step}.querySelector('.found').textContent") == f"Look again at: {labels}."


def test_a_mistake_made_throughout_is_named(sheet, opened):
    page = page_of(sheet)
    found = some_mistake(page, Random(f"mistake {sheet}"))
    if found is None:
        pytest.skip("no classic mistake shows in two cells here")
    browser = opened(sheet)
    browser.write(typed(found[1]))
    browser.run(CHECK_ALL)
    browser.run("for (const section of byhand.checks.boxes.keys()) byhand.checks.explain(section)")
    said = browser.run("[...document.querySelectorAll('.notes')].map((notes) => notes.textContent).join(' ')")
    judged = Judged.of(marker(page).rules, written(browser))
    named = {suspicion.mistake for suspicion in Diagnosis(judged, marker(page).mistakes).named.values()}
    assert named
    assert all(page.document.messages.mistake(name, "told") in said for name in named)


def test_checks_and_time_are_saved_by_step(opened):
    browser = opened("rotary")
    picture, first = "byhand.page.order[0]", "byhand.page.fields.get(byhand.page.known[0])"
    step = browser.run("byhand.page.known[0]").partition("/")[0]
    browser.run(f"{picture}.focus()")  # a picture of no step, in which nobody works for a step
    assert browser.run("byhand.page.answers.last").keys() == {"at"}
    browser.run(f"byhand.page.answers.last.at -= 90; {first}.focus()")
    browser.press("1")
    browser.run("byhand.page.answers.last.at -= 90")
    browser.run(f"byhand.page.order[byhand.page.order.indexOf({first}) + 1].focus()")
    for _ in range(2):
        browser.run("document.querySelector('.check').click()")
    student = json.loads(browser.run("byhand.page.answers.file"))["students"][0]
    assert student["checks"] == {step: 2}
    assert student["seconds"].keys() == {step}
    assert 90 <= student["seconds"][step] < 150
    browser.run("byhand.page.answers.last.at -= 86400")  # a day in which the page stayed open
    browser.run(f"{first}.focus()")
    student = json.loads(browser.run("byhand.page.answers.file"))["students"][0]
    assert 390 <= student["seconds"][step] < 500
    browser.reload()
    again = json.loads(browser.run("byhand.page.answers.file"))["students"][0]
    assert (again["checks"], again["hints"]) == ({step: 2}, {})
    assert 390 <= again["seconds"][step] < 500
    browser.run("byhand.page.answers.clear()")
    again = json.loads(browser.run("byhand.page.answers.file"))["students"][0]
    assert (again["checks"], again["seconds"].get(step, 0) < 60) == ({}, True)


# what is saved, without the time that the student has worked so far
SAVED = r"byhand.page.answers.file.replace(/\"seconds\": {.*?}/s, '')"
EXPLAIN = "for (const section of byhand.checks.boxes.keys()) byhand.checks.explain(section)"
PRACTISE = "[...document.querySelectorAll('.notes button')].map((button) => button.click()).length"
# Of each cell to practise in: the numbers to its left, and those above it.
AROUND = """[...document.querySelectorAll('.practice input')].map((field) => {
  const [own, rows] = [field.closest('td'), [...field.closest('table').rows]];
  const column = rows.map(({ cells }) => [...cells].find((cell) => cell.matches('td.g') && columnOf(cell) === columnOf(own)));
  return [[...own.parentElement.querySelectorAll('td.g')], column].map((cells) => cells.map((cell) => cell?.textContent).filter(Boolean));
})"""
PRACTISED = """(texts) => [...document.querySelectorAll('.practice')].map((place) => {
  [...place.querySelectorAll('input')].forEach((field, at) => {
    field.value = texts[at];
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
  return [[...place.querySelectorAll('td[data-state]')].map((td) => td.dataset.state), place.querySelector('p').textContent];
})"""


def test_a_mistake_that_was_named_is_practised_in_two_cells_with_other_numbers(opened):
    page, browser = page_of("linear-layer"), opened("linear-layer")
    browser.write(typed(Student(page, mistaken=page.wrong["no-bias"])))
    browser.run(CHECK_ALL)
    before = browser.run(f"[{SAVED}, byhand.bar.count.textContent, byhand.checks.marks.size]")
    mend = page.document.messages.mistake("no-bias", "mend")
    for _ in range(5):
        browser.run(EXPLAIN)
        assert browser.run(PRACTISE) == 1
        assert browser.run("document.activeElement.closest('.practice') !== null")
        products, biases = [], []
        for row, column in browser.run(AROUND):
            *weights, bias = (int(text.replace("−", "-")) for text in column)
            products.append(sum(int(x.replace("−", "-")) * w for x, w in zip(row, weights, strict=True)))
            biases.append(bias)
            assert max(map(abs, (*weights, bias))) <= 3
        right = [f"{x + b}" for x, b in zip(products, biases, strict=True)]
        assert len(right) == 2
        assert 0 not in biases
        assert browser.run(f"({PRACTISED})({json.dumps([str(x) for x in products])})") == [
            [["not", "not"], f"Not yet. {mend}"]
        ]
        assert browser.run(f"({PRACTISED})({json.dumps([right[0], ''])})")[0][0] == ["right", "empty"]
        assert browser.run(f"({PRACTISED})({json.dumps(right)})") == [[["right", "right"], "Both are right."]]
    assert browser.run(f"[{SAVED}, byhand.bar.count.textContent, byhand.checks.marks.size]") == before
    assert browser.run("byhand.page.order.some((field) => field.closest('.practice'))") is False


def test_what_is_practised_is_no_answer(sheet, opened):
    page = page_of(sheet)
    for student in (some_mistake(page, Random(f"mistake {sheet}")), None):
        browser = opened(sheet)
        made = slips_made(page, 2, KINDS, Random(f"slip {sheet}"))
        browser.write(typed(student[1] if student else who_made(page, made)))
        browser.run(f"byhand.checks.choose('going'); {CHECK_ALL}")
        browser.run(EXPLAIN)
        answers = r'byhand.page.answers.file.replace(/"seconds": \{[^}]*\}/, "")'  # who practises works on the step
        kept = f"[{answers}, byhand.checks.marks.size, byhand.page.answers.texts]"
        before = browser.run(kept)
        browser.run(PRACTISE)
        cells = browser.run(
            "[...document.querySelectorAll('.practice')].map((place) => place.querySelectorAll('input').length)"
        )
        assert set(cells) <= {2}
        found = browser.run(f"({PRACTISED})(['77777', 'what'])")
        assert [states for states, _ in found] == [["not", "not"]] * len(cells)
        assert browser.run(kept) == before
        assert browser.faults == []


def test_answers_stay_when_the_page_is_opened_again_and_the_file_is_marked_alike(opened, tmp_path):
    page, browser = page_of("attention-head"), opened("attention-head")
    dice = Random(5)
    browser.write(typed(who_made(page, slips_made(page, 2, KINDS, dice))))
    browser.run("byhand.page.order[3].focus()")
    browser.press("?")
    before = written(browser)
    browser.reload()
    assert written(browser) == before
    browser.run(CHECK_ALL)
    states = browser.run(STATES)
    name, text = browser.run("[byhand.page.answers.fileName, byhand.page.answers.file]")
    assert name == f"attention-head-{page.run.hash}-answers.json"
    browser.run("byhand.page.answers.write([['name', ' Zoë O’Neill/2 ']])")
    assert browser.run("byhand.page.answers.fileName") == f"attention-head-{page.run.hash}-Zoë-O-Neill-2-answers.json"
    browser.run("byhand.page.answers.undo()")
    assert 1 in json.loads(text)["students"][0]["hints"].values()
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = CliRunner().invoke(
        main, ["mark", str(tmp_path / name), "--format", "json", "--no-report", "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    (marks,) = json.loads((tmp_path / "attention-head-marks" / "marks.json").read_text(encoding="utf-8"))
    blanks = {each["id"]: each["verdict"] for each in marks["blanks"]}
    assert {id: SHOWN[blanks[id]] for id in states if id in blanks} == {
        id: s for id, s in states.items() if id in blanks
    }
    browser.run("byhand.page.answers.clear()")
    assert browser.run("(text) => byhand.page.answers.read(text)", text) == ""
    assert written(browser) == before
    assert (
        browser.run("(text) => byhand.page.answers.read(text)", '{"sheet": "gpt", "students": [{"answers": {}}]}')
        == "screen.open.other"
    )


def test_an_opened_file_brings_its_name_along(opened, tmp_path):
    browser, name = opened("linear-layer"), "document.querySelector('.line.name input')"
    browser.run(f"{name}.focus()")
    browser.type("Zoe")
    browser.write({"2/ask/y/1,2": "7"})
    saved = browser.run("byhand.page.answers.file")
    (tmp_path / "saved.json").write_text(saved, encoding="utf-8")
    browser.run(f"window.confirm = () => true; {AGAIN}")
    assert browser.run(f"{name}.value") == ""
    field = browser.call("Runtime.evaluate", expression="byhand.bar.open")["result"]["objectId"]
    browser.call("DOM.setFileInputFiles", files=[str(tmp_path / "saved.json")], objectId=field)
    browser.until("document.querySelector('.said').textContent === 'saved.json is open.'")
    assert browser.run(f"{name}.value") == "Zoe"
    assert browser.run("byhand.page.answers.file") == saved
    browser.run(f"{AGAIN}; byhand.page.answers.write([['name', 'Ann']])")
    nameless = saved.replace("Zoe", "")
    assert browser.run("(text) => byhand.page.answers.read(text)", nameless) == ""
    assert browser.run("byhand.page.answers.text('name')") == "Ann"


def test_what_was_checked_is_marked_when_the_page_is_opened_again(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    browser.write(typed(who_made(page, slips_made(page, 1, KINDS, Random(5)))))
    browser.run("[...document.querySelectorAll('.check')].slice(0, 2).forEach((check) => check.click())")
    slipped = "(section) => [...byhand.checks.states(section).values()].includes('not')"
    browser.run(f"byhand.checks.mark([...byhand.checks.boxes.keys()].find({slipped}))")
    marked = browser.run(STATES)
    done = browser.run("[...document.querySelectorAll('main section.done')].map(({ id }) => id)")
    assert set(marked.values()) > {"right"}
    assert done
    browser.reload()
    assert browser.run(STATES) == marked
    assert browser.run("[...document.querySelectorAll('main section.done')].map(({ id }) => id)") == done
    browser.write({next(name for name, state in marked.items() if state == "right"): "77"})
    left = browser.run(STATES)
    assert len(left) < len(marked)
    browser.reload()
    assert browser.run(STATES) == left
    browser.run("byhand.checks.choose('pencil')")
    browser.reload()
    assert browser.run(STATES) == {}


def test_a_sheet_is_done_by_keys_alone(opened):
    page, browser = page_of("dot-product"), opened("dot-product")
    answers = typed(Student(page))
    where = "document.activeElement.dataset?.id ?? document.activeElement.className"
    for _ in range(40):
        browser.press("Tab")
        if browser.run(where) in answers:
            break
    first = browser.run(where)
    assert first in answers
    for _ in answers:
        name = browser.run(where)
        if name not in answers:
            break
        browser.type(answers[name].replace("−", "-"))
        browser.press("Enter")
    assert written(browser)[first] == answers[first].replace("-", "−")
    browser.run("byhand.page.order[1].focus()")
    browser.press("ArrowUp")
    browser.press("?")
    browser.press("?")
    assert browser.run("document.querySelectorAll('.help li.open').length") == 2
    assert browser.run("document.querySelectorAll('td.lit').length") > 1
    while browser.run("document.activeElement.className") != "main check":
        browser.press("Tab")
    browser.press("Space")
    assert "right" in browser.run("document.activeElement.closest('.checks').querySelector('.found').textContent")


def test_what_is_typed_is_read_in_every_way_and_can_be_undone(opened):
    browser = opened("causal-mask", seed=3)
    first = "byhand.page.order.find((field) => /ask/.test(field.dataset.id))"
    browser.run(f"{first}.focus()")
    name = browser.run("document.activeElement.dataset.id")
    for keys, text in (("-3", "−3"), ("-inf", "−∞"), ("-infinity", "−∞"), ("inf", "inf"), ("3/4", "3/4"), ("i", "i")):
        browser.run("document.activeElement.select()")
        browser.type(keys)
        assert browser.run("(id) => byhand.page.answers.text(id)", name) == text
    browser.press("Enter")
    assert browser.run("(id) => byhand.page.answers.text(id)", name) == "−∞"
    browser.run(f"{first}.focus()")
    for _ in range(2):
        browser.press("z", ctrl=True)
    assert browser.run("(id) => byhand.page.answers.text(id)", name) == "3/4"


DEAF = "addEventListener('storage', (event) => event.stopImmediatePropagation())"
KEPT = "localStorage.getItem(byhand.page.answers.place)"
AGAIN = "[...document.querySelectorAll('.menu button')].find((b) => b.textContent === 'Start again').click()"


@pytest.fixture(params=["hears", "deaf"])
def two(request, opened):
    """Two windows with one sheet; a deaf one is told of nothing that the other writes until it writes itself."""
    first = opened("attention-head")
    second = first.window()
    if request.param == "deaf":
        second.call("Page.addScriptToEvaluateOnNewDocument", source=DEAF)
    second.call("Page.navigate", url=first.run("location.href"))
    second.ready()
    yield first, second
    if first.protocol:
        assert second.faults == []
        second.call("Page.close")


def settle(first: Browser, second: Browser) -> None:
    """Wait until both windows find what the first has: a browser tells each window a little later what is kept."""
    first.until(KEPT, second)
    first.until(f"{KEPT} === byhand.page.answers.same")
    first.until(KEPT, second)


def test_two_windows_lose_no_answer_of_each_other(two):
    first, second = two
    answers = typed(Student(page_of("attention-head")))
    one, other = list(answers)[:2]
    first.write(answers)
    settle(*two)
    second.write({one: "7"})
    assert (written(second)[one], written(second)[other]) == ("7", answers[other].replace("-", "−"))
    assert second.run("(id) => byhand.page.fields.get(id).value", other) == written(second)[other]
    assert second.run("byhand.bar.count.textContent") == first.run("byhand.bar.count.textContent")
    first.until(f"byhand.page.answers.text({json.dumps(one)}) === '7'")
    assert first.run("(id) => byhand.page.fields.get(id).value", one) == "7"
    second.write({other: ""})  # what is emptied is an answer, too
    first.until(f"byhand.page.answers.text({json.dumps(other)}) === ''")
    settle(*two)
    for window in two:
        window.reload()
    assert written(first) == written(second) == first.run(f"JSON.parse({KEPT}).texts")
    assert {name: written(first).get(name) for name in answers} == {
        **{name: text.replace("-", "−") for name, text in answers.items()}, one: "7", other: None,
    }  # fmt: skip


def test_what_two_windows_write_in_turn_ends_alike_with_what_each_cell_had_last(two):
    dice, last = Random(3), {}
    names = [*typed(Student(page_of("attention-head")))][:8]
    for n in range(40):
        window, name, text = dice.choice(two), dice.choice(names), dice.choice(["", f"{n}", f"−{n}/7"])
        window.run("(() => { for (const now = Date.now(); Date.now() === now; ); })()")  # later than what was before
        window.write({name: text})
        last[name] = text
    whole = json.dumps(sorted([name, text] for name, text in last.items()))
    two[0].until(f"{whole}.every(([id, text]) => byhand.page.answers.text(id) === text)")
    settle(*two)
    for window in two:
        window.reload()
        assert {name: written(window).get(name, "") for name in last} == last


def test_who_starts_again_is_not_given_what_another_window_had(two):
    first, second = two
    answers = typed(Student(page_of("attention-head")))
    one = next(iter(answers))
    first.write(answers)
    first.run("document.querySelector('.line.name input').focus()")
    first.type("Zoe")
    settle(*two)
    second.write({one: "7"})
    second.run("byhand.page.answers.open(byhand.page.known[1], 2)")
    second.run("byhand.pictures.pens[0].keep([[[1, 1], [2, 2]]])")
    first.until("document.querySelectorAll('.strokes path').length === 1")
    settle(*two)
    copies = first.run("[...byhand.page.answers.copied].length")
    first.run(f"window.confirm = () => true; {AGAIN}")
    assert first.run("document.querySelector('.line.name input').value") == ""
    settle(*two)
    second.write({one: "5"})
    first.until(f"byhand.page.answers.text({json.dumps(one)}) === '5'")
    settle(*two)
    for window in two:
        assert window.run("[byhand.page.answers.hints, byhand.pictures.pens[0].lines]") == [{}, []]
        assert window.run("document.querySelectorAll('.strokes path').length") == 0
        window.reload()
        left = {name: text for name, text in written(window).items() if "/copy/" not in name}
        assert left == {one: "5"}
        assert len(written(window)) < copies


def test_a_cell_in_which_one_writes_changes_only_to_what_is_written_later(two):
    first, second = two
    one = next(iter(typed(Student(page_of("attention-head")))))
    first.write({one: "1"})
    settle(*two)
    second.run("(id) => byhand.page.fields.get(id).focus()", one)
    second.run("document.activeElement.select()")
    second.type("23")
    assert second.run("document.activeElement.value") == "23"
    first.until(f"byhand.page.answers.text({json.dumps(one)}) === '23'")
    first.write({one: "4"})
    settle(*two)
    second.run("byhand.page.answers.open(byhand.page.known[1], 1)")  # so that a deaf window looks
    assert second.run("document.activeElement.value") == "4"


def test_what_two_windows_draw_is_kept_together(two):
    first, second = two
    first.run("byhand.pictures.pens[0].keep([[[1, 1], [2, 2]]])")
    settle(*two)
    second.run("byhand.page.answers.keep()")  # so that a deaf window looks
    second.run("byhand.pictures.pens[0].keep([...byhand.pictures.pens[0].lines, [[3, 3], [4, 4]]])")
    first.until("document.querySelectorAll('.strokes path').length === 2")


def test_what_was_kept_before_it_had_times_is_read_and_counts_least(opened):
    first = opened("attention-head")
    one, other, third = list(typed(Student(page_of("attention-head"))))[:3]
    copies = [name for name in first.run("byhand.page.known") if name.startswith("2/copy")]
    old = {
        "texts": {one: "1", other: "−2", copies[0]: "9", copies[1]: "9", "name": "Zoe"}, "hints": {one: 3},
        "settings": {"dark": True, "way": "going", "uncovered": []}, "copied": [copies[0]], "done": [3, 65],
    }  # fmt: skip
    first.run("(kept) => localStorage.setItem(byhand.page.answers.place, JSON.stringify(kept))", old)
    first.reload()
    assert {**written(first), **old["texts"], copies[0]: written(first)[copies[0]]} == written(first)
    assert written(first)[copies[0]] != "9"  # it filled itself, and does so again
    assert first.run("[byhand.page.answers.hints, byhand.checks.way]") == [{one: 3}, "going"]
    assert first.run("document.documentElement.classList.contains('dark')") is True
    assert first.run("document.querySelector('.line.name input').value") == "Zoe"
    second = first.window()
    second.call("Page.navigate", url=first.run("location.href"))
    second.ready()
    second.write({one: "5", other: "", third: "6"})
    first.until(f"byhand.page.answers.text({json.dumps(third)}) === '6'")
    settle(first, second)
    for window in (first, second):
        window.reload()
        assert [written(window).get(name) for name in (one, other, third)] == ["5", None, "6"]
    assert second.faults == []
    second.call("Page.close")


@pytest.mark.parametrize("forbidden", [
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })",
    "Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); }",
], ids=["storage", "room"])  # fmt: skip
def test_a_page_works_where_the_browser_keeps_nothing(forbidden, opened):
    first = opened("attention-head")
    window = first.window()
    window.call("Page.addScriptToEvaluateOnNewDocument", source=forbidden)
    window.call("Page.navigate", url=first.run("location.href"))
    window.ready()
    answers = typed(Student(page_of("attention-head")))
    window.write(answers)
    window.run(CHECK_ALL)
    assert set(answers) <= set(json.loads(window.run("byhand.page.answers.file"))["students"][0]["answers"])
    assert set(window.run(STATES).values()) >= {"right"}
    assert window.faults == []
    window.call("Page.close")


@pytest.mark.parametrize("text", ["1\t-2\n3\t1/2", "1 -2\n3 1/2", "[[1, -2], [3, 1/2]]", "1, -2; 3, 1/2"])
def test_a_matrix_is_pasted_whole(text, opened):
    browser = opened("attention-head")
    browser.run("""(text) => {
      const data = new DataTransfer();
      data.setData("text", text);
      const cell = byhand.page.order.find((field) => /ask.*2,1$/.test(field.dataset.id));
      cell.focus();
      cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }""", text)  # fmt: skip
    found = {name.rpartition("/")[2]: text for name, text in written(browser).items() if name.startswith("1/ask")}
    assert found == {"2,1": "1", "2,2": "−2", "3,1": "3", "3,2": "1/2"}


@pytest.mark.parametrize("sheet_on_phone", ["attention-head", "shapes", "gpt"])
def test_a_phone_has_its_own_keys_and_scrolls_in_one_direction_only(sheet_on_phone, opened):
    browser = opened(sheet_on_phone, width=390)
    browser.run("byhand.page.order.find((field) => /ask|size/.test(byhand.page.blank(field)?.role))?.focus()")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    if sheet_on_phone != "shapes":
        assert browser.run("document.querySelector('.pad').offsetHeight") > 200
        keys = browser.run("[...document.querySelectorAll('.pad .keys button')].map((b) => b.textContent)")
        assert {*"0123456789−/.⌫›"} <= set(keys)
        assert ("−∞" in keys) == (sheet_on_phone == "gpt")  # which has a mask
        for key in ("−", "3", "/", "4", "⌫", "5"):
            browser.run(
                "(key) => [...document.querySelectorAll('.pad button')].find((b) => b.textContent === key).click()",
                key,
            )
        assert browser.run("document.activeElement.value") == "−3/5"
    small = "[...document.querySelectorAll('.bar button, .bar a, .pad button, .checks button')].filter((b) => b.offsetParent && (b.offsetHeight < 24 || b.offsetWidth < 24)).length"
    assert browser.run(small) == 0


# Whether one sees an element: its first line and its last stand in the window, and nothing stands over them.
SEEN = """async (element) => {
  for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame);
  const { left, top, bottom, width } = element.getBoundingClientRect();
  return [top + 4, bottom - 4].every((y) => element.contains(document.elementFromPoint(left + width / 2, y)));
}"""


@pytest.mark.parametrize("width", [390, 820] if FULL else [390])
def test_what_a_check_or_a_hint_says_is_seen_beside_the_keys_of_a_phone(width, sheet, opened):
    browser = opened(sheet, width=390)
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=2, mobile=True)
    browser.reload()
    browser.run("""(() => {
      const number = (id) => byhand.page.rules.blanks.has(id) && byhand.hands.pad.isNumber(byhand.page.fields.get(id));
      window.steps = [...byhand.checks.boxes.keys()].flatMap((section) => {
        const id = byhand.checks.idsOf(section).find(number);
        return id ? [{ place: section.place, field: byhand.page.fields.get(id) }] : [];
      });
    })()""")
    count = browser.run("steps.length")
    pressed = "(text) => [...document.querySelectorAll('.pad button')].find((b) => b.textContent === text)"
    asked = "(text) => [...step.place.querySelectorAll('.ladder button')].find((b) => b.textContent === text)"
    for at in sorted({0, count // 2, count - 1}):
        browser.run(f"window.step = steps[{at}]; byhand.page.reveal(step.place)")
        browser.tap("step.field")
        for key in f"7{at}7":  # which follows from no step before
            browser.tap(f"({pressed})('{key}')")
        browser.tap(f"({pressed})('Check this step')")
        seen = {"found": "step.place.querySelector('.found')", "cell": "step.field"}
        assert "not right yet" in browser.run(f"{seen['found']}.textContent")
        assert [each for each, of in seen.items() if not browser.run(f"({SEEN})({of})")] == [], at
        if browser.run(f"!({asked})('Which row?').hidden"):
            browser.tap(f"({asked})('Which row?')")
            assert browser.run(f"{seen['found']}.textContent").startswith("Look again at: ")
            assert [each for each, of in seen.items() if not browser.run(f"({SEEN})({of})")] == [], at
        browser.tap(f"({asked})('Which cell?')")
        seen["note"] = "step.place.querySelector('.notes li')"
        assert [each for each, of in seen.items() if not browser.run(f"({SEEN})({of})")] == [], at
        assert browser.run("step.field.closest('[data-state]').dataset.state") == "not"
        for n in range(4):
            browser.tap(f"({pressed})('Hint')" if n == 0 else "document.querySelector('.help li button')")
            hint = {"hint": f"document.querySelector('.help li[data-step=\"{n}\"] p')", "cell": "step.field"}
            assert [each for each, of in hint.items() if not browser.run(f"({SEEN})({of})")] == [], (at, n)
        browser.tap("document.querySelector('.help .close')")


def test_a_phone_shows_one_step_at_a_time_until_one_goes_on(sheet, opened):
    browser = opened(sheet, width=390)
    seen = "byhand.page.sections.filter(({ place }) => place.offsetParent).map(({ at }) => at)"
    following = "document.querySelector('p.pace').offsetParent && document.querySelector('p.pace').textContent"
    starts = browser.run("[...byhand.pace.steps.map((step) => step[0].at), byhand.page.sections.length]")
    able = "Boolean(document.querySelector('.able').offsetParent)"
    assert len(starts) > 2
    if browser.run("byhand.page.order.length"):
        browser.tap("byhand.page.order.at(-1)")
        browser.press("Enter")
        assert browser.run("document.activeElement === byhand.pace.next")
    for at, end in enumerate(starts[1:], 1):
        assert browser.run(seen) == [*range(end)]
        assert browser.run("document.documentElement.scrollWidth") == 390
        is_last = at == len(starts) - 1
        assert browser.run(able) is is_last
        if is_last:
            assert browser.run(following) is None
            break
        title = browser.run(f"byhand.page.called(byhand.page.sections[{end}])")
        assert browser.run(following) == f"Next: {title}"
        browser.tap("byhand.pace.next")
        heading = f"byhand.page.sections[{end}].place.querySelector('h2')"
        assert browser.run(f"({SEEN})({heading})")
        assert browser.run(f"document.activeElement === byhand.page.sections[{end}].place")


def test_a_step_at_a_time_can_be_turned_off_and_is_for_phones_only(opened):
    browser = opened("linear-layer", width=390)
    hidden = "byhand.page.sections.filter(({ place }) => !place.offsetParent).length"
    one = "document.querySelector('.menu label.pace input')"
    assert (browser.run(hidden), browser.run(f"{one}.checked")) == (6, True)
    browser.run("byhand.bar.links[1].click()")
    browser.until(f"({hidden}) === 4 && byhand.page.sectionOf(document.activeElement).number === 3")
    browser.reload()
    assert browser.run(hidden) == 6  # nothing is written yet
    browser.run("byhand.page.write([[byhand.page.idsOf(byhand.page.sections[3])[0], '12']])")
    browser.reload()
    assert browser.run(hidden) == 3
    browser.run(f"window.confirm = () => true; {AGAIN}")
    assert browser.run(hidden) == 6
    browser.sized(1100, 900)
    assert browser.run(f"[{hidden}, document.querySelectorAll('.pace').length, Boolean({one}.offsetParent)]") == [
        0,
        2,
        False,
    ]
    browser.sized(390, 844)
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run(hidden) == 0
    browser.call("Emulation.setEmulatedMedia", media="")
    assert browser.run(hidden) == 6
    browser.run(f"{one}.click()")
    assert browser.run(hidden) == 0
    browser.reload()
    assert (browser.run(hidden), browser.run(f"{one}.checked")) == (0, False)


@pytest.mark.parametrize("width", [390, 1100])
def test_the_bar_of_a_gradient_stands_over_its_letter_and_is_not_cut_off(opened, width):
    """Where it is cut off, a gradient and what it is the gradient of have one symbol."""
    browser = opened("optimizers", width=width)
    bars = "[...document.querySelectorAll('td.caption .radicand')].filter((bar) => bar.offsetParent)"
    top = "getBoundingClientRect().top"
    below_the_edge = browser.run(f"{bars}.map((bar) => bar.{top} - bar.closest('.box').{top})")
    assert len(below_the_edge) >= 2
    assert min(below_the_edge) >= 0


def test_the_dark_follows_the_system_and_the_button(opened):
    browser = opened("softmax", seed=0)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    browser.dark(True)
    browser.reload()
    assert browser.run(ground) == "rgb(22, 24, 28)"
    browser.run("byhand.bar.turn()")
    assert browser.run("document.documentElement.classList.contains('dark')") is False
    browser.dark(False)


def test_help_comes_step_by_step_and_is_counted(opened):
    browser = opened("attention-head")
    browser.run("byhand.page.order.find((field) => /1.ask.*2,3$/.test(field.dataset.id)).focus()")
    told = []
    for _ in range(4):
        browser.press("?")
        told.append(browser.run("[...document.querySelectorAll('.help li.open p')].at(-1).textContent"))
    page = page_of("attention-head")
    blank = browser.run("document.activeElement.dataset.id")
    assert told[0] == "Take the row that asks and the row that answers, multiply pair by pair, then add."
    assert told[2].endswith(" = …")
    assert told[3] == f"It is {Student(page).answers()[blank]}.".replace("-", "−")
    assert browser.run("byhand.page.answers.hints") == {blank: 4}
    assert written(browser).get(blank) is None


def test_row_and_column_of_a_cell_are_tinted_and_that_is_no_help(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    tinted = """[...document.querySelectorAll('.crossed')].filter((cell) => getComputedStyle(cell).backgroundImage !== 'none')
      .map((cell) => cell.textContent || cell.querySelector('input')?.dataset.id).filter(Boolean)"""
    before = browser.run(SAVED)
    for _ in range(2):
        browser.run("byhand.page.order.find((field) => /1.ask.*2,2$/.test(field.dataset.id)).focus()")
        browser.press("ArrowRight")
        blank = browser.run("document.activeElement.dataset.id")
        keys, queries = (page.run.texts[f"blocks.0.attn.hook_{name}[0]"] for name in "kq")
        scores = blank.rpartition("/")[0]
        row = ["eat", *queries[1], f"{scores}/2,1", f"{scores}/2,2", blank]
        column = ["seeds", *keys[2], f"{scores}/1,3", f"{scores}/3,3"]
        assert sorted(browser.run(tinted)) == sorted(text.replace("-", "−") for text in [*row, *column])
        browser.dark(True)
        browser.reload()
    assert browser.run("byhand.page.answers.hints") == {}
    assert browser.run(SAVED) == before
    assert browser.run("document.querySelectorAll('.help li.open, td.lit').length") == 0
    browser.run("byhand.page.order.find((field) => /1.ask.*2,2$/.test(field.dataset.id)).focus()")
    browser.run("document.querySelector('.check').focus()")
    assert browser.run(tinted) == []
    browser.dark(False)


def test_help_does_not_say_a_number_before_its_last_step(opened):
    browser = opened("causal-mask", seed=3)
    hidden = "byhand.page.order.find((field) => { const b = byhand.page.blank(field); return b?.role === 'ask' && byhand.page.rules.rule(b)[0] === 'num'; })"
    browser.run(f"{hidden}.focus()")
    for _ in range(3):
        browser.press("?")
    assert "∞" not in browser.run("document.querySelector('.help li[data-step=\"2\"] p').textContent")
    browser.press("?")
    assert browser.run("document.querySelector('.help li[data-step=\"3\"] p').textContent") == "It is −∞."
    browser.run("byhand.page.order.find((field) => /exp.*1,2$/.test(field.dataset.id)).focus()")
    for _ in range(3):
        browser.press("?")
    assert browser.run("document.querySelector('.help li[data-step=\"2\"] p').innerHTML") == "2<sup>−∞</sup> = …"


def test_without_feedback_a_page_knows_nothing_and_says_nothing(opened):
    browser = opened("attention-head", Setup(feedback=False))
    browser.write(typed(Student(page_of("attention-head"))))
    assert browser.run("document.querySelectorAll('.check, .help, [data-state]').length") == 0
    sheet = browser.run("JSON.parse(document.getElementById('sheet').textContent)")
    assert {"rule", "rules", "values", "mistakes", "seals"}.isdisjoint(
        {*sheet, *(key for step in sheet["steps"] for key in step)}
    )
    assert "does not say what is right" in browser.run("document.querySelector('.silent').textContent")


def test_without_feedback_every_page_keeps_and_saves_what_is_written(sheet, opened):
    browser, answers = opened(sheet, Setup(feedback=False)), typed(Student(page_of(sheet)))
    browser.write(answers)
    browser.reload()
    (student,) = json.loads(browser.run("byhand.page.answers.file"))["students"]
    assert student["answers"].items() >= {name: text.replace("-", "−") for name, text in answers.items()}.items()


def test_letters_are_kept_without_feedback_and_the_page_says_so(opened):
    browser = opened("attention-in-letters", seed=0)
    assert browser.run("document.querySelector('.silent').textContent").startswith("Letters have no feedback")
    browser.run("byhand.page.order[0].focus()")
    browser.type("2a-b")
    assert "2a−b" in written(browser).values()


def test_on_paper_nothing_of_the_screen_is_left(opened):
    browser = opened("attention-head")
    browser.write(typed(Student(page_of("attention-head"))))
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert (
        browser.run(
            "[...document.querySelectorAll('.bar, .help, .checks, .signs, .unfold')].filter((e) => e.offsetParent).length"
        )
        == 0
    )
    assert browser.run("getComputedStyle(document.querySelector('main')).zoom") == "1"
    browser.call("Emulation.setEmulatedMedia", media="")


def test_what_a_browser_prints_is_whole_and_says_its_numbers(sheet, opened):
    browser = opened(sheet)
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    told = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    stamp = f"seed 3 · numbers {page_of(sheet).run.hash}"
    assert stamp.replace(" ", "") in "".join(told.split())
    browser.run("byhand.page.order.findLast((field) => byhand.page.blank(field))?.focus()")
    browser.sized(browser.run("""(() => {
      const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSPageRule && !rule.selectorText);
      const mm = (name) => parseFloat(rules.map(({ style }) => style.getPropertyValue(name)).findLast(Boolean));
      return Math.round((mm("size") - mm("margin-left") - mm("margin-right")) * 96 / 25.4);
    })()"""), 900)  # fmt: skip
    browser.call("Emulation.setEmulatedMedia", media="print")
    cut = browser.run("""[...document.querySelectorAll("svg [stroke-width]")].map((line) => {
      const { left, right, width } = line.getBoundingClientRect();
      const half = width && (line.getAttribute("stroke-width") * line.getScreenCTM().a) / 2;
      return [left - half, right + half];
    }).filter(([left, right]) => left < 0 || right > innerWidth)""")
    assert cut == []
    style = "getComputedStyle(document.activeElement)"
    if browser.run("document.activeElement.tagName === 'INPUT'"):
        assert browser.run(f"[{style}.outlineStyle, {style}.caretColor]") == ["none", "rgba(0, 0, 0, 0)"]
    browser.call("Emulation.setEmulatedMedia", media="")


def test_a_style_sheet_says_the_same_without_what_means_nothing(browser):
    string = f"h1 {{ content: {css_string('a: b; c , 0.5 } /* d */')}; color: red; }}"
    whole = f"{(shipped() / 'answers.css').read_text(encoding='utf-8')} {string}"
    rules = "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); return [...sheet.cssRules].map((rule) => rule.cssText); }"
    assert browser.run(rules, short(whole)) == browser.run(rules, whole)
    assert len(short(whole)) < 0.9 * len(whole)


@needs_axe
def test_axe_finds_nothing_against_wcag(sheet, opened):
    for width, dark in ((1100, False), (1100, True), (390, False), (390, True)):
        browser = opened(sheet, width=width)
        browser.dark(dark)
        browser.reload()
        if dark:
            browser.run(WHOLE)
        browser.write(dict.fromkeys([*browser.run("byhand.page.known")][:6], "7"))
        browser.run("byhand.page.order[1].focus()")
        for _ in range(4):
            browser.press("?")
        browser.run(CHECK_ALL)
        browser.run(EXPLAIN)
        browser.run(PRACTISE)
        found = browser.violations()
        if any(each.startswith("target-size") for each in found):  # perhaps only since the bar covers half a cell
            browser.run("scrollBy(0, 30)")
            again = browser.violations()
            found = [each for each in found if each in again or not each.startswith("target-size")]
        assert found == [], (width, dark)
        browser.dark(False)


@needs_axe
@pytest.mark.parametrize("width", [1100, 390])
def test_axe_finds_nothing_on_a_key(width, browser, tmp_path):
    file = tmp_path / "key.html"
    file.write_text(Pages(lower(*prepare(load_sheet("gpt"), Options()))).html("worked", "screen"), encoding="utf-8")
    browser.sized(width, 900)
    browser.open(file)
    assert browser.violations() == []


def test_nothing_moves_while_the_longest_sheet_opens(opened):
    browser = opened("gpt")
    browser.write(
        {name: text for name, text in typed(Student(page_of("gpt"))).items() if name.startswith(("1/", "2/"))}
    )
    browser.reload()
    shifts = "performance.getEntriesByType('layout-shift').filter((shift) => !shift.hadRecentInput).reduce((sum, { value }) => sum + value, 0)"
    assert browser.run(shifts) < 0.01


@cache
def with_variants(folder: Path) -> Path:
    """A worksheet that brings other numbers along."""
    generate("attention-head", Options(seed=3, formats=("html",), variants=3), folder)
    return folder / "attention-head-seed3" / "worksheet.html"


def test_new_numbers_are_those_of_a_later_seed_and_answers_to_them_are_apart(browser, tmp_path_factory):
    file = with_variants(tmp_path_factory.mktemp("variants"))
    assert verify(file).finding is Finding.RIGHT
    text = file.read_text(encoding="utf-8")
    changed = tmp_path_factory.mktemp("changed") / "page.html"
    begin = text.index('id="variants"')
    changed.write_text(text[:begin] + re.sub(r',"−?\d"]', ',"9"]', text[begin:], count=1), encoding="utf-8")
    with pytest.raises(
        UnreadableError, match=r"changed: the other numbers that it brings along are not those of the"
    ):
        verify(changed)
    browser.sized(1100, 900)
    browser.open(file)
    browser.write(typed(Student(page_of("attention-head"))))
    seen = "[...document.querySelectorAll('main td')].map((cell) => cell.textContent)"
    for _ in range(2):
        browser.run("window.old = true")
        browser.run(
            "[...document.querySelectorAll('.menu button')].find((b) => b.textContent === 'New numbers').click()"
        )
        browser.ready()
        assert written(browser) == {} or set(browser.run("[...byhand.page.answers.copied]")) == set(written(browser))
    seed, hash = browser.run("[byhand.page.sheet.seed, byhand.page.sheet.hash]")
    page = page_of("attention-head", int(seed))
    assert hash == page.run.hash
    assert browser.run("document.querySelector('footer').textContent").endswith(f"seed {seed} · numbers {hash}")
    there = browser.run(seen)
    browser.write({**typed(Student(page)), **page.ticks})
    browser.run(CHECK_ALL)
    assert set(browser.run(STATES).values()) == {"right"}
    fresh = tmp_path_factory.mktemp("fresh") / "page.html"
    fresh.write_text(Pages(lower(page.document, page.run)).html("worksheet", "screen"), encoding="utf-8")
    browser.open(fresh, forget=False)
    assert browser.run("byhand.page.sheet.hash") == hash
    assert browser.run(seen) == there
    assert browser.faults == []


def test_letters_have_no_other_numbers(tmp_path):
    with pytest.raises(ConfigError, match=r"^--variants: letters, and numbers of a file"):
        generate("attention-in-letters", Options(formats=("html",), variants=2), tmp_path)


def test_without_javascript_it_is_a_page_with_fields(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(
        Pages(lower(page_of("softmax").document, page_of("softmax").run)).html("worksheet", "screen"),
        encoding="utf-8",
    )
    browser.sized(1100, 900)
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("Page.navigate", url=file.as_uri())
        browser.ready()
        assert browser.run("document.querySelectorAll('.bar, .help, .checks, .pad').length") == 0
        assert browser.run("document.querySelectorAll('main input').length") > 10
        assert browser.run("document.body.offsetWidth") == 658  # 174 mm
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_answers_are_checked_as_one_goes_or_not_at_all(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    answers = typed(Student(page))
    first, second = [name for name in answers if name.startswith("1/ask")][:2]
    browser.run("byhand.checks.choose('going')")
    browser.run("(id) => byhand.page.fields.get(id).focus()", first)
    browser.type(answers[first])
    browser.press("Enter")
    browser.type("77")
    browser.press("Enter")
    assert browser.run(STATES) == {first: "right", second: "not"}
    field = "(id) => byhand.page.fields.get(id)"
    assert browser.run(f"(id) => ({field})(id).getAttribute('aria-label')", first).endswith(", right")
    assert browser.run(f"(id) => ({field})(id).getAttribute('aria-label')", second).endswith(", not right yet")
    browser.run("byhand.checks.choose('pencil')")
    assert browser.run(STATES) == {}
    assert (
        browser.run("[...document.querySelectorAll('.checks, .help')].filter((each) => each.offsetParent).length")
        == 0
    )
    browser.reload()
    assert browser.run("document.documentElement.classList.contains('pencil')") is True


def test_every_box_can_be_ticked_and_is_kept_beside_the_answers(sheet, opened):
    browser = opened(sheet)
    boxes = "[...document.querySelectorAll('main input.tick[type=checkbox]')]"
    count = len(browser.run(f"{boxes}.map((box) => box.labels[0].textContent)"))
    assert count > 0
    assert browser.run("document.querySelectorAll('main span.tick').length") == 0
    before, checked = (
        browser.run(f"[{SAVED}, byhand.bar.count.textContent]"),
        f"{boxes}.map((box) => box.checked)",
    )
    browser.run(f"byhand.checks.choose('going'); {boxes}[0].labels[0].click(); {boxes}.at(-1).focus()")
    browser.press("Space")
    assert browser.run(f"[{checked}, byhand.checks.marks.size]") == [[True, *[False] * (count - 2), True], 0]
    browser.run(f"{boxes}[0].click()")
    browser.reload()
    assert browser.run(checked) == [*[False] * (count - 1), True]
    assert browser.run(f"[{SAVED}, byhand.bar.count.textContent]") == before
    browser.run(f"window.confirm = () => true; {AGAIN}")
    browser.reload()
    assert not any(browser.run(checked))


def test_rows_that_a_check_adds_up_are_added_up_as_one_types(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    rows = [[f"1/ask/blocks.0.attn.scores_raw[0]/{i},{j}" for j in (1, 2, 3)] for i in (1, 2, 3)]
    first, second, third = rows[1]
    label = f"document.querySelector('[name=\"' + byhand.page.fields.get('{second}').name + '\"]').getAttribute('aria-describedby')"
    heard = f"{label}.split(' ').map((id) => document.getElementById(id).textContent).join(' ')"
    height = "document.documentElement.scrollHeight"
    before = browser.run(height)
    assert browser.run(SUMS)[0] == "Your sums: …, …, …"
    browser.run(f"byhand.page.fields.get('{second}').focus()")
    browser.type("1/2")
    assert (browser.run(SUMS)[0], browser.run(heard)) == ("Your sums: …, 1/2 + …, …", "Your sums: 1/2 + …")
    assert browser.run("document.querySelector('.sums .here').textContent") == "1/2 + …"
    browser.write({first: "-3", third: "what"})
    assert browser.run(SUMS)[0] == "Your sums: …, −5/2 + …, …"
    browser.write({third: "0.75", rows[0][1]: "2"})  # its first cell is printed
    assert browser.run(SUMS)[
        0
    ] == f"Your sums: {2 + int(page.run.texts['blocks.0.attn.scores_raw[0]'][0][0])} + …, −7/4, …".replace("-", "−")
    assert browser.run(height) == before
    browser.run("byhand.checks.choose('pencil')")
    assert browser.run("[...document.querySelectorAll('.sums')].filter((line) => line.offsetParent).length") == 0
    assert opened("attention-head", Setup(feedback=False)).run(SUMS) == []


@pytest.mark.parametrize("numbers", ["exact", "decimal"])
def test_whatever_is_typed_the_page_follows(numbers, opened):
    browser = opened("causal-mask", seed=3, numbers=numbers)
    odd = ["∞", "-inf", "√2", "√-2", "2^99", "9e99", "1/0", "½", "?", "1,234", "-", "what"]
    counted = browser.run("""(odd) => {
      const summed = byhand.page.order.map((field) => [field.getAttribute("aria-describedby"), field]).filter(([sum]) => sum?.startsWith("sums"));
      const row = summed.map(([sum]) => sum).find((sum, at, all) => all.indexOf(sum) < at);
      const two = summed.filter(([sum]) => sum === row).slice(0, 2).map(([, field]) => field);
      return odd.flatMap((one) => odd.map((other) => {
        two.forEach((field) => byhand.page.write([[field.dataset.id, ""]]));
        const before = parseInt(byhand.bar.count.textContent);
        [one, other].forEach((text, at) => byhand.page.write([[two[at].dataset.id, text]]));
        byhand.page.sectionOf(two[0]).place.querySelector(".check").click();
        byhand.checks.tellCells(byhand.page.sectionOf(two[0]));
        return parseInt(byhand.bar.count.textContent) - before;
      }));
    }""", odd)  # fmt: skip
    assert set(counted) == {4}  # two cells, and a copy of each


def test_what_changes_is_not_checked_any_more_nor_what_is_computed_from_it(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    browser.write(typed(Student(page)))
    browser.run(CHECK_ALL)
    before = browser.run(STATES)
    changed = next(name for name in before if name.startswith("1/ask"))
    browser.write({changed: "5"})
    after = browser.run(STATES)
    assert changed not in after
    assert 1 < len(before) - len(after) < len(before)
    browser.run(CHECK_ALL)
    assert browser.run(STATES) == {**before, changed: "not"}  # the rest is the key's, and so right


def test_a_step_that_is_done_folds_when_one_goes_on(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    browser.write(typed(Student(page)))
    browser.run("document.querySelector('.check').click()")
    browser.run(
        "[...document.querySelectorAll('.ladder button')].find((b) => b.textContent === 'Next step' && !b.hidden).click()"
    )
    assert browser.run("document.querySelectorAll('main section.folded').length") == 1
    assert browser.run("document.querySelector('section.folded .figures').offsetParent") is None
    assert browser.run("byhand.page.sectionOf(document.querySelector('section.folded')).number") == 1
    assert browser.run("byhand.page.sectionOf(document.activeElement).number") == 2
    browser.run("document.querySelector('.unfold').click()")
    assert browser.run("document.querySelectorAll('main section.folded').length") == 0


def test_the_end_says_once_all_stands_what_one_can_do_and_what_comes_next(sheet, opened):
    browser, page = opened(sheet), page_of(sheet)
    able = "document.querySelector('.able')"
    seen = f"[...{able}.querySelectorAll('p')].filter((p) => p.offsetParent).map((p) => p.textContent)"
    course = order()
    coming = [load_sheet(name) for name in course[course.index(sheet) + 1 :][:1]]
    following = [f"Next: {each.number} {each.title}" for each in coming]
    assert browser.run(seen) == following
    assert browser.run(f"{able}.querySelectorAll('li').length") == len(page.document.objectives) > 0
    answers = {**typed(Student(page)), **page.ticks}
    browser.write(answers)
    browser.run(CHECK_ALL)
    said = browser.run(seen)
    count = browser.run("[...byhand.checks.boxes.keys()].flatMap((section) => byhand.checks.idsOf(section)).length")
    assert said == [f"All {count} answers of this sheet stand.", *following]
    browser.reload()
    assert browser.run(seen) == said
    browser.write({next(iter(answers)): "77"})
    assert browser.run(seen) == said[1:]
    assert opened(sheet, Setup(feedback=False)).run(seen) == said[1:]


def test_the_sheet_that_comes_next_is_a_link_where_it_is_in_the_folder(browser, tmp_path):
    pages = [lower(*prepare(load_sheet(name), Options())) for name in ("linear-layer", "mlp", "softmax")]
    for name, text in folder(pages, ("worksheet",), Setup()).items():
        (tmp_path / name).write_bytes(text)
    next_link = "document.querySelector('.able .next a')"
    browser.open(tmp_path / "linear-layer-worksheet.html")
    browser.run(f"window.old = true; {next_link}.click()")
    browser.ready()
    assert browser.run("byhand.page.sheet.sheet") == "mlp"
    assert browser.run(next_link) is None


def test_the_last_sheet_and_one_that_is_not_of_the_course_have_none_that_comes_next():
    assert [after(name) for name in (order()[-1], order()[-2], "nobody")] == [(), order()[-1:], ()]


@pytest.mark.parametrize("feedback", [True, False])
def test_a_checkpoint_is_covered_until_its_step_is_filled_in_or_one_asks_for_it(feedback, opened):
    page, browser = page_of("transformer-block"), opened("transformer-block", Setup(feedback=feedback))
    covered = "(step) => [...byhand.page.sections.find(({ number }) => number === step).place.querySelectorAll('td.covered')]"
    count, steps = f"(step) => ({covered})(step).length", (2, 3, 4, 5, 9)
    assert [browser.run(count, step) for step in steps] == [12, 12, 12, 24, 12]
    seen = f"(step) => ({covered})(step).map((cell) => cell.innerText + cell.ariaLabel)"
    assert set(browser.run(seen, 2)) == {"covered until then"}
    browser.run("document.querySelector('.uncover').focus()")
    assert browser.run("document.activeElement.textContent") == "Show the numbers of step 1, to go on with them"
    browser.press("Enter")
    assert [browser.run(count, step) for step in steps] == [0, 0, 0, 24, 12]
    assert browser.run("byhand.page.sectionOf(document.activeElement).number") == 2
    first = browser.run("document.activeElement.closest('tr').querySelector('td.g').innerText")
    assert first.strip() == page.run.texts["blocks.0.ln1.hook_normalized"][0][0].replace("-", "−")
    answers = typed(Student(page))
    browser.write({name: text for name, text in answers.items() if "hook_z" in name})
    assert [browser.run(count, step) for step in steps] == [0, 0, 0, 24, 0]
    browser.reload()
    assert [browser.run(count, step) for step in steps] == [0, 0, 0, 24, 0]
    browser.run("byhand.page.answers.clear(); byhand.page.showAll()")
    assert [browser.run(count, step) for step in steps] == [12, 12, 12, 24, 12]
    assert 'class="covered' not in Pages(lower(page.document, page.run)).html(
        "worksheet", "screen"
    )  # without a script


def test_a_picture_takes_a_pen_and_dots_are_drawn_from_the_answers(opened):
    page, browser = page_of("attention-head"), opened("attention-head")
    browser.write(typed(Student(page)))
    drawn = browser.run("document.querySelectorAll('.dots circle').length")
    assert drawn == 2 * 9  # on wide screens and on phones
    browser.run("document.querySelector('.picture .tools button').click()")
    browser.run("document.querySelector('.picture svg').scrollIntoView({ block: 'center' })")
    x, y = browser.run(
        "(() => { const r = document.querySelector('.picture svg').getBoundingClientRect(); return [r.x + 40, r.y + 40]; })()"
    )
    for kind, dx in (("mousePressed", 0), ("mouseMoved", 30), ("mouseMoved", 60), ("mouseReleased", 60)):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x + dx, y=y, button="left", buttons=1, clickCount=1)
    strokes = "document.querySelectorAll('.strokes path').length"
    assert browser.run(strokes) == 1
    browser.reload()
    assert browser.run(strokes) == 1
    drawn, says = (
        "byhand.pictures.pens[0].drawn.childElementCount",
        "document.querySelector('.picture svg').ariaLabel",
    )
    before, shares = browser.run(says), [name for name in typed(Student(page)) if "hook_pattern" in name]
    assert browser.run(drawn) == 0
    browser.run(CHECK_ALL)
    assert browser.run(drawn) > 0
    assert browser.run(says) != before
    browser.write({shares[0]: "9"})
    assert (browser.run(drawn), browser.run(says)) == (0, before)


def test_a_picture_that_no_answer_decides_is_compared_once_something_is_drawn(opened):
    browser = opened("kv-cache")
    compare = (
        "[...document.querySelectorAll('.picture button')].filter((b) => b.textContent === 'Compare' && !b.hidden)"
    )
    assert browser.run(f"{compare}.length") == 0
    browser.run("byhand.pictures.pens[0].keep([[[1, 1], [2, 2]]])")
    browser.run(f"{compare}[0].click()")
    assert browser.run("byhand.pictures.pens[0].drawn.childElementCount") > 0
    browser.run("byhand.checks.choose('pencil')")
    assert browser.run(f"[{compare}.length, byhand.pictures.pens[0].drawn.childElementCount]") == [0, 0]


def test_a_box_in_a_picture_is_a_field_that_is_checked_with_it(opened):
    browser, page = opened("layer-norm"), page_of("layer-norm")
    drawn, first = "byhand.pictures.pens[0].drawn.childElementCount", "document.querySelector('.fields input')"
    browser.run(f"{first}.focus()")
    browser.type("17")
    browser.press("Tab")
    assert browser.run("document.activeElement.ariaLabel") == "Field 2 of 3 in the picture"
    assert browser.run("document.getElementById(document.activeElement.getAttribute('aria-describedby')).ariaLabel")
    browser.reload()
    assert browser.run(f"{first}.value") == "17"
    browser.write(typed(Student(page)))
    browser.run(CHECK_ALL)
    assert browser.run(f"{first}.ariaLabel") == "Field 1 of 3 in the picture, not right yet"
    assert browser.run(drawn) == 0
    browser.write({"picture 0/1": "1.5", "picture 0/2": "3/2", "picture 0/3": "1"})
    assert browser.run(drawn) > 0
    assert browser.run(f"{first}.readOnly")
    browser.write({"picture 0/1": "17"})
    assert browser.run(drawn) == 0
    browser.run("document.querySelectorAll('.picture .tools button')[2].click()")
    assert browser.run(drawn) > 0
    assert "picture 0/1" not in browser.run("byhand.page.answers.file")


@pytest.mark.parametrize("width", [550, 390])
def test_at_twice_the_size_nothing_goes_sideways(width, opened):
    browser = opened("layer-norm", width=width)
    assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1100, 390])
def test_an_answer_in_words_has_room_however_long_it_is(width, browser, tmp_path):
    file = tmp_path / "key.html"
    file.write_text(Pages(lower(*kinds_and_run(seed=0))).html("key", "screen"), encoding="utf-8")
    browser.sized(width, 900)
    browser.open(file)
    longer = browser.run("""[...document.querySelectorAll(".ruled .answer")].map((answer) => {
      const rules = answer.parentNode.querySelectorAll(".rule").length;
      answer.textContent = `${answer.textContent} `.repeat(12);
      return answer.getBoundingClientRect().height > 30 * rules;
    })""")
    assert len(longer) > 3
    assert all(longer)
    covered = browser.run("""[...document.querySelectorAll(".ruled .answer")].flatMap((answer) => {
      const { top, bottom, left, right } = answer.getBoundingClientRect();
      return [...document.querySelectorAll("p, h2, li, th, td, svg, label")].filter((other) => {
        const there = other.getBoundingClientRect();
        const apart = there.top > bottom - 3 || there.bottom < top + 9 || there.left >= right || there.right <= left;
        return there.width && other !== answer && !answer.contains(other) && !apart;
      }).map((other) => `${answer.textContent.slice(0, 20)} covers ${other.textContent}`);
    })""")
    assert covered == []


def test_on_a_phone_no_figure_goes_sideways_and_a_finger_finds_each_blank(sheet, opened):
    browser = opened(sheet, width=390)
    browser.run(WHOLE)
    assert (
        browser.run("[...document.querySelectorAll('.grid')].filter((f) => f.scrollWidth > f.clientWidth).length")
        == 0
    )
    missed = browser.run("""[...document.querySelectorAll('.grid td input:not(.tick)')].filter((field) => {
      field.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { x, y, width, height } = field.parentNode.getBoundingClientRect();
      return Math.min(width, height) < 43.9 || document.elementFromPoint(x + width / 2, y + height / 2) !== field;
    }).length""")
    assert missed == 0
    beyond = browser.run("""[...document.querySelectorAll('figure.picture svg:not([width="174mm"])')].filter((svg) => {
      const ends = [...svg.querySelectorAll('text, path, rect')].map((each) => each.getBoundingClientRect().right);
      return Math.max(...ends, svg.getBoundingClientRect().right) > innerWidth - 12;
    }).length""")
    assert beyond == 0


SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))"
ASIDE = """[...document.querySelectorAll("body *")].filter((each) => {
  const { overflowX } = getComputedStyle(each);
  return ["auto", "scroll"].includes(overflowX) && each.checkVisibility() && each.scrollWidth > each.clientWidth + 1;
}).map((each) => ({
  name: each.className, tab: each.tabIndex, role: each.role, label: Boolean(each.ariaLabel),
  said: each.nextElementSibling?.className === "sideways" && each.nextElementSibling.textContent,
}))"""
TARGETS = """byhand.pictures.pens.map((pen) => {
  const [tall, wide] = [pen.fields.map((field) => field.getBoundingClientRect()), pen.picture.getBoundingClientRect()];
  const drawn = Number(pen.figure.dataset.target ?? Infinity) * wide.width / pen.picture.viewBox.baseVal.width;
  return Math.min(drawn, ...tall.flatMap(({ width, height }) => [width, height]));
})"""
LABELS = """[...document.querySelectorAll(".grid th[scope=row]")].filter((label) => label.checkVisibility() && label.textContent).map((label) => {
  const words = document.createRange();
  words.selectNodeContents(label);
  const { right, top, bottom } = words.getBoundingClientRect();
  const cells = [...label.closest("table").querySelectorAll("td:not(:empty)")].map((cell) => cell.getBoundingClientRect());
  return Math.min(...cells.filter((cell) => cell.top < bottom && cell.bottom > top && cell.right > right).map((cell) => cell.left - right));
})"""


def test_on_a_phone_all_fits_or_says_that_it_moves_sideways(sheet_on_a_phone, opened):
    browser = opened(sheet_on_a_phone, width=390)
    browser.run(f"{WHOLE}; {SETTLED}")
    assert browser.run("document.documentElement.scrollWidth") == 390
    aside = browser.run(ASIDE)
    assert "map" in [each["name"] for each in aside] or sheet_on_a_phone != "layer-norm"
    for each in aside:
        assert each["tab"] == 0, each
        assert each["role"] == "group"
        assert each["label"]
        assert each["said"] == "This is wider than the screen: move it sideways."
    assert browser.run("document.querySelectorAll('p.sideways').length") == len(aside)
    assert min(browser.run(LABELS), default=3) >= 3  # no label touches a number
    button = "document.querySelector('.checks button.main').getBoundingClientRect().height"
    boxes = "[...document.querySelectorAll('.checks')].map((box) => box.getBoundingClientRect().height)"
    if browser.run("document.querySelectorAll('.checks').length"):
        assert max(browser.run(boxes)) <= browser.run(button) + 30
    browser.sized(1100, 900)
    browser.run(SETTLED)
    assert browser.run("document.querySelectorAll('p.sideways, .map[tabindex]').length") == 0


def test_a_finger_hits_what_one_writes_or_draws_in_once_a_picture_is_larger(sheet_on_a_phone, opened):
    browser = opened(sheet_on_a_phone, width=390)
    browser.run(WHOLE)
    for at in range(browser.run("byhand.pictures.pens.length")):
        if browser.run(f"byhand.pictures.pens[{at}].needsRoom"):
            browser.tap(f"byhand.pictures.pens[{at}].picture")
        browser.run(SETTLED)
    assert all(least is None or least >= 43.9 for least in browser.run(TARGETS))
    assert browser.run("document.documentElement.scrollWidth") == 390


def test_a_tap_on_a_field_of_a_picture_makes_it_larger_and_writes_there(opened):
    browser = opened("linear-layer", width=390)
    pen, field = "byhand.pictures.pens[0]", "byhand.page.fields.get('picture 0/2')"
    assert browser.run(f"[{pen}.needsRoom, {pen}.isLarge]") == [True, False]
    browser.tap(field)
    assert browser.run(f"[{pen}.isLarge, document.activeElement === {field}]") == [True, True]
    assert browser.run(f"({SEEN})({field})")
    browser.press("4")
    assert browser.run("byhand.page.answers.text('picture 0/2')") == "4"


@pytest.mark.parametrize("width", [1100, 390])
def test_every_step_has_the_same_space_above_it_wherever_paper_turns(width, opened):
    browser = opened("matrix-product", width=width)
    assert browser.run("document.querySelectorAll('section.opens').length") > 0
    spaces = browser.run(
        "[...document.querySelectorAll('section.step')].map((step) => getComputedStyle(step).marginTop)"
    )
    assert len(set(spaces)) == 1
    assert float(spaces[0].removesuffix("px")) > 30


def test_a_call_that_takes_too_long_is_no_fault_of_the_test_that_comes_next(monkeypatch):
    slow = Browser()
    try:
        assert slow.run("1 + 1") == 2
        with monkeypatch.context() as hurried:
            hurried.setattr(browsers, "SECONDS", 0.5)
            with pytest.raises(TimeoutError):
                slow.run("for (;;);")
        assert slow.run("1 + 1") == 2
    finally:
        slow.close()


def test_a_page_of_a_class_saves_answers_that_are_marked_as_its_students(browser, tmp_path):
    made = make_class("feed-forward", anonymous(2), out=tmp_path, formats=("html",)).folder
    rows = list(read_index((made / "index.csv").open("rb")))
    pages, saved = sorted((made / "worksheets").glob("*.html")), tmp_path / "saved"
    saved.mkdir()
    for page, row in zip(pages, rows, strict=True):
        browser.open(page)
        names = browser.run("[...byhand.page.rules.blanks.keys()]")
        answers = dict(zip(names, row["answers"].split(" "), strict=True))
        browser.write(answers)
        browser.run(CHECK_ALL)
        assert set(browser.run(STATES).values()) == {"right"}
        (saved / page.name).with_suffix(".json").write_text(browser.run("byhand.page.answers.file"), encoding="utf-8")
    found = mark(saved, out=tmp_path, class_folder=made, formats=("json",), report=False)
    marks = json.loads((found.folder / "marks.json").read_text(encoding="utf-8"))
    assert {(each["student"], each["hash"]) for each in marks} == {(row["id"], row["hash"]) for row in rows}
    assert {blank["verdict"] for each in marks for blank in each["blanks"]} == {"right"}


@pytest.mark.parametrize(("name", "made_with", "own"), [
    ("attention-head", {"orientation": "columns", "seed": 2}, {"tokens": ("the", "old", "cat")}),
    ("gpt", {}, {"answer": "I sat"}),
    ("softmax", {}, {"values": {"inputs": {"scores": [[1, 2, 0], [0, 1, 3], [2, 2, 1]]}}}),
    ("softmax", {"numbers": "decimal", "places": 3, "base": 3}, {}),
], ids=["tokens", "answer", "values", "decimals"])  # fmt: skip
def test_a_saved_file_is_marked_with_what_it_does_not_say_of_itself(name, made_with, own, opened, tmp_path):
    text = opened(name, **made_with, **own).run("byhand.page.answers.file")
    SCHEMA.validate(json.loads(text))
    file = tmp_path / "answers.json"
    file.write_text(text, encoding="utf-8")
    if own:
        with pytest.raises(
            AnswersError, match=r"of your own, give --tokens, --answer or --values as the sheet had them"
        ):
            mark(file, out=tmp_path)
        with pytest.raises(AnswersError, match=r"says itself which numbers it answers \(seed\); leave that out"):
            mark(file, options=Options(seed=9, **own), out=tmp_path)
    made = mark(file, options=Options(**own) if own else None, out=tmp_path, formats=("json",), report=False)
    (marks,) = json.loads((made.folder / "marks.json").read_text(encoding="utf-8"))
    assert marks["hash"] == prepare(load_sheet(name), Options(**made_with, **own))[1].hash
