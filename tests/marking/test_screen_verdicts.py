"""A browser gives an answer the marker's verdict, and the marker's reason: the same students, marked by both."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from properties import KINDS, WAYS, decimal_page, marker, slips_made, some_mistake, who_made
from scripts import answers_of, needs_node, sheet_of
from students import CALCULATORS, EXACT, Method, Page, Student, methods

from byhand.marking.causes import Diagnosis
from byhand.marking.verdicts import Judged
from byhand.notation.typed import read
from byhand.worksheet.front import sheet_files

pytestmark = needs_node
LETTERS = "attention-in-letters"
FEW = (
    "attention-head",
    "dot-product",
    "linear-layer",
    "shapes",
    "sizing",
    "mlp",
    "sampling",
    "layer-norm",
    "kv-cache",
)
NOTATIONS = (
    "−3/6",
    "1½",
    "0,5",
    "2^-3",
    "1,000",
    "50%",
    "√2",
    "٣",
    "-inf",
    "∞",
    "x",
    "…",
    "1e3",
    "+4",
    "0.33",
    "1 234",
)
PIECES = (
    "≈",
    "…",
    ":",
    "^½",
    "e0",
    "1.732",
    "\\sqrt{3}",
    "\\frac{1}{2}",
    "{",
    "1",
    "2",
    "11",
    "0.5",
    "1,000",
    "½",
    "√",
    "sqrt",
    "(",
    ")",
    "^",
    "**",
    "⁻²",
    "/",
    "·",
    "×",
    "*",
    "+",
    "−",
    " ",
    "10",
    "e",
    "%",
)
READ = """
function answer(text) {
  const { kind, values, form, places } = read(text);
  return [kind, values.map((value) => `${toFloat(value)}`), form, places];
}
"""
MARKED = r"""
function answer({ sheet, answers }) {
  const rules = new Rules(prepared(sheet), new Run(sheet));
  const mistakes = sheet.mistakes.map((mistake) => new Mistake(rules, mistake));
  return answers.map((each) => {
    const judged = new Judged(rules, each);
    const diagnosis = new Diagnosis(judged, mistakes);
    return [...rules.blanks.values()].map((blank) => {
      const { verdict, form, source, note, places, followed } = judged.judgement(blank);
      const text = ["word", "text", "change"].includes(blank.role) ? "" : judged.reckoning.text(followed);
      const { kind, foil, sure } = verdict === "wrong" ? diagnosis.said(blank.id) : { kind: "", foil: "", sure: false };
      const filled = (text) => text.replace(/\{(\w+)\}/g, (whole, place) => places[place]);
      const told = blank.role === "change" && note ? filled(textOf(sheet, `construction.${note}`)) : note;
      return [blank.id, verdict, form, source, told, text, kind, foil, sure];
    });
  });
}
"""


def students(page: Page, method: Method, dice: Random) -> Iterator[dict[str, str]]:
    """Answers: the key, slips, also with a calculator, a classic mistake, any numbers in any notation, and nothing."""
    right = Student(page, method).answers()
    yield right
    yield {}
    yield dict.fromkeys(right, "0")
    for count in (1, 1, 2, 4) if method is EXACT else ():
        yield who_made(page, slips_made(page, count, dice.sample(KINDS, len(KINDS)), dice)).answers()
    for calculator in dice.sample(CALCULATORS, 4) if method is EXACT else ():
        made = slips_made(page, 1, dice.sample(KINDS, len(KINDS)), dice)
        yield Student(page, calculator, {each.blank: each.value for each in made}).answers()
    for alone in (False, True):
        if found := some_mistake(page, dice, alone, method):
            yield found[1].answers()
    anything = [*NOTATIONS, *right.values()]
    yield {name: dice.choice(anything) if dice.random() < 0.3 else text for name, text in right.items()}


def by_marker(page: Page, answers: dict[str, str]) -> list[list[object]]:
    """What the marker finds of each blank."""
    judged = Judged.of(marker(page).rules, answers)
    diagnosis, found = Diagnosis(judged, marker(page).mistakes), []
    for name, judgement in judged.all.items():
        followed = (
            "" if judgement.blank.role in ("word", "text", "change") else judged.reckoning.text(judgement.followed)
        )
        kind, _, foil, sure = diagnosis.said(name) if judgement.verdict == "wrong" else ("", "", "", False)
        found.append(
            [name, judgement.verdict, judgement.form, judgement.source, judgement.note, followed, kind, foil, sure]
        )
    return found


def compared(pages: list[tuple[Page, Method]], dice: Random) -> int:
    """How many answers were marked by both, and alike."""
    asked = [(page, [*students(page, method, dice)]) for page, method in pages]
    questions = [{"sheet": sheet_of(page.document, page.run), "answers": answers} for page, answers in asked]
    count = 0
    for (page, answers), found in zip(asked, answers_of(MARKED, questions), strict=True):
        for each, by_browser in zip(answers, found, strict=True):
            assert by_browser == by_marker(page, each), (page.document.name, page.run.numbers, page.run.rounding)
            count += len(by_browser)
    return count


def test_a_browser_reads_what_is_typed_as_the_marker_does(every):
    dice = Random("typed")
    texts = ["".join(dice.choices(PIECES, k=dice.randint(1, 9))) for _ in range(200_000 if every else 20_000)]
    texts += ["(((9^99)^99)^99)^99", "(9^-99)^(99/2)", "2^(9^9)", "(2^99)^99", "(1+√5)/2", "3/√11", "9.05·10⁻²"]
    numbers = 0
    for text, (kind, values, form, places) in zip(texts, answers_of(READ, texts), strict=True):
        reading = read(text)
        assert (kind, form, places) == (reading.kind, reading.form, reading.places), text
        assert [*map(float, values)] == pytest.approx([*map(float, reading.values)], rel=1e-12), text
        numbers += kind == "number"
    assert numbers > len(texts) / 20


def test_a_browser_marks_fractions_as_the_marker_does(every):
    names = sorted({*sheet_files()} - {LETTERS}) if every else FEW
    seeds = (0, 1) if every else (1,)
    pages = [(Page.of(name, seed=seed), EXACT) for name in names for seed in seeds]
    assert compared(pages, Random("screen")) > (30_000 if every else 2_000)


def test_a_browser_marks_decimals_as_the_marker_does(every):
    names = sorted({*sheet_files()} - {LETTERS, "sampling"}) if every else ("attention-head", "positional-encoding")
    pages, dice = [], Random("decimals")
    for name in names:
        for way in range(len(WAYS)) if every else (1, 6):
            page = decimal_page(name, way)
            pages.append((page, dice.choice([*methods(WAYS[way]["places"]).values()])))
    assert compared(pages, dice) > (20_000 if every else 500)


def test_two_equal_powers_of_e_are_a_tie_for_a_browser_too():
    """Of equally near neighbours the first is taken, by a proof in Python, and where no precision tells them apart."""
    assert compared([(decimal_page("nearest-neighbours", way), EXACT) for way in (5, 7)], Random("ties")) > 500


def test_an_entry_that_follows_from_infinity_is_judged_as_the_marker_does():
    page, answers = Page.of("sizing", seed=0), {"8/table/12": "-inf", "8/table/14": "3.5"}
    ((by_browser,),) = answers_of(MARKED, [{"sheet": sheet_of(page.document, page.run), "answers": [answers]}])
    assert by_browser == by_marker(page, answers)


def test_a_factor_that_the_page_prints_may_be_written_too():
    page = Page.of("softmax-backward", seed=0)
    right = Student(page, EXACT).answers()
    texts = {"{} ln 2": "right", "{}·ln(2)": "right", "{} * ln2": "right", "{} \\cdot \\ln 2": "right",
             "{} ln 3": "unreadable"}  # fmt: skip
    answers = [{name: form.format(right[name]) for name in right if "scores.grad/1" in name} for form in texts]
    answers.append({name: f"{right[name]} ln 2" for name in right if "softmax.dot" in name})  # where none is printed
    answers.append({name: "-ln 2" for name in right if "scores.grad/1" in name})
    (found,) = answers_of(MARKED, [{"sheet": sheet_of(page.document, page.run), "answers": answers}])
    for each, by_browser, verdict in zip(answers, found, [*texts.values(), "unreadable", "wrong"], strict=True):
        assert by_browser == by_marker(page, each)
        assert {says for name, says, *_ in by_browser if name in each} == {verdict}


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("shapes", ("yes", "No", "NEIN", "3x4", "4 × 3", "—", "none", "maybe", "", "12")),
        ("counting-sorter", ("a", "A", "b", "B", "c", "C", ".", ":", "?", "5")),
    ],
)
def test_a_word_in_a_blank_is_judged_as_the_marker_does(sheet, words):
    page = Page.of(sheet, seed=0)
    dice = Random("words")
    answers = [{blank.id: dice.choice(words) for blank in page.document.blanks()} for _ in range(40)]
    (found,) = answers_of(MARKED, [{"sheet": sheet_of(page.document, page.run), "answers": answers}])
    for each, by_browser in zip(answers, found, strict=True):
        assert by_browser == by_marker(page, each)
