"""A construction: one number is to be changed so that a condition holds. The run with that number decides."""

import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import pytest
from cells import Book
from kinds import lesson
from scripts import answers_of, needs_node, sheet_of

from byhand.arithmetic.floats import FLOATS
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.errors import DomainError, SheetError
from byhand.formats import Setup
from byhand.formats.quiz.questions import Quiz
from byhand.formats.xlsx.formulas import CODE, FIRST
from byhand.formats.xlsx.plan import plan
from byhand.formats.xlsx.workbook import workbook
from byhand.marking.marker import Marker
from byhand.notation.spreadsheet import cell_name
from byhand.numbers.conditions import condition
from byhand.numbers.expressed import expressed
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.construction import Change, Construction, places_of, trial
from byhand.worksheet.sheet import load_sheet

AT = "blocks.0.attn."
KEYS, SCORES, PATTERN = f"{AT}hook_k[0]", f"{AT}scores_raw[0]", f"{AT}hook_pattern[0]"
BODY = "## Build it\n\n{{ construct('Change **one number** of $K$.', %r, %r%s) }}\n\n## Then\n\n{{ ask(%r) }}\n"


def asked(condition_text=f'leads("{SCORES}", 0, 1)', more="", step=KEYS, **options):
    """The document, the run and the construction of a small sheet."""
    document, run = prepare(lesson(BODY % (step, condition_text, more, SCORES)), Options(seed=0, **options))
    (found,) = (block for block in document.blocks if isinstance(block, Construction))
    return document, run, found


def boxes(document):
    return [blank.id for blank in document.blanks() if blank.role == "change"]


def marked(document, run, texts):
    """The verdict on each box, and what is said of them."""
    marks = Marker.of(document, run).mark(dict(zip(boxes(document), texts, strict=True)))
    found = [mark for mark in marks.blanks if mark.id in boxes(document)]
    return {mark.verdict for mark in found}, found[0].note, sum(mark.points for mark in found)


CONDITIONS = (
    f'leads("{SCORES}", 0, 1)',
    f'leads("{PATTERN}", 2, 0)',
    f'number("{SCORES}", 0, 0) == 0 and not number("{SCORES}", 1, 1) > 3',
    f'largest("{SCORES}", 1) - smallest("{SCORES}") < total("{SCORES}", 2) / 2 or total("{SCORES}") >= -5',
    f'number("{PATTERN}", 1, 1) < largest("{PATTERN}", 1) * 3 / 4',
)


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_is_decided_as_the_model_run_again_decides_it(text):
    """The trees say the same of a changed number as a tape on which the model runs again with it."""
    _, run = prepare(load_sheet("attention-head"), Options(seed=3))
    test, tape, dice = condition(text, run.steps, KEYS), run.tape(), Random(text)
    keys, verdicts = run.values(KEYS), set()
    for _ in range(60):
        i, j, number = dice.randrange(3), dice.randrange(4), Fraction(dice.randint(-9, 9), dice.choice((1, 1, 2)))
        again = [[number if (m, n) == (i, j) else x for n, x in enumerate(row)] for m, row in enumerate(keys)]
        try:
            by_run = expressed(text)(tape.replay(numbers={KEYS: again}))
        except DomainError:  # a root
            by_run = expressed(text)(tape.replay(FLOATS, {KEYS: again}))
        assert trial(test, KEYS, run.value)(Change(i, j, number)) is by_run
        verdicts.add(by_run)
    assert verdicts == {True, False}


def test_the_key_has_the_smallest_change():
    document, run, construction = asked()
    (label, column, number) = construction.solution(run)
    place = construction.labels[0].index(label), int(column) - 1
    size = abs(int(number.replace("−", "-")) - run.values(KEYS)[place[0]][place[1]])
    for i, j in construction.free:
        for n in range(-9, 10):
            change = Change(i, j, Fraction(n))
            if abs(n - run.values(KEYS)[i][j]) < size:
                assert not trial(construction.test, KEYS, run.value)(change)
    assert marked(document, run, construction.solution(run))[0] == {"right"}


def test_many_answers_are_right_and_each_other_one_gets_a_line():
    document, run = prepare(load_sheet("attention-head"), Options(seed=61))
    assert [blank.cell.value for blank in document.blanks() if blank.id in boxes(document)] == ["seeds", "noun", "5"]
    for right in (("seeds", "noun", "5"), ("seeds", "noun", "9"), ("3", "1", "6"), ("Seeds", "last", "−9")):
        assert marked(document, run, right) == ({"right"}, "", 1), right
    for texts, note in {
        (
            "seeds",
            "noun",
            "4",
        ): "With that number it is not yet so. Compute again with it, and look how much is missing.",
        (
            "birds",
            "noun",
            "-9",
        ): "With that number it is not yet so. Compute again with it, and look how much is missing.",  # a tie
        ("seeds", "noun", "1"): "That is the number which stands there already; change it.",
        ("seeds, birds", "noun", "9"): "One number may be changed, not several: write one place and one number.",
        ("dogs", "noun", "9"): "There is no row “dogs”; the rows are birds, eat, seeds.",
        ("seeds", "5", "9"): "There is no column “5”; the columns are noun, verb, first, last.",
    }.items():
        assert marked(document, run, texts) == ({"wrong"}, note, 0), texts
    assert marked(document, run, ("seeds", "noun", "more"))[:2] == (
        {"unreadable"},
        "What it becomes is a number, such as 3 or −1/2.",
    )
    assert marked(document, run, ("seeds", "noun", ""))[:2] == ({"missing"}, "")


def test_only_some_numbers_may_be_changed():
    document, run, construction = asked(more=", rows=[1, 2], columns=[0, 3]")
    assert construction.free == ((1, 0), (1, 3), (2, 0), (2, 3))
    assert marked(document, run, ("cat", "2", "9"))[1] == "That number may not be changed; choose another place."


@pytest.mark.parametrize(
    ("sheet", "heads"),
    [("mlp-backward", ("C’s bias becomes",)), ("optimizers", ("It becomes",)), ("adder", ("word", "becomes"))],
)
def test_what_may_be_changed_has_a_name_before_its_box(sheet, heads):
    """One number alone, with a name or without one, and one row."""
    document, _ = prepare(load_sheet(sheet), Options())
    (block,) = [block for block in document.blocks if isinstance(block, Construction)]
    assert tuple(block.heads) == heads


def test_columns_of_the_page_are_rows_of_the_run():
    document, run = prepare(load_sheet("attention-head"), Options(seed=61, orientation="columns"))
    assert [blank.cell.value for blank in document.blanks() if blank.id in boxes(document)] == ["noun", "seeds", "5"]
    assert marked(document, run, ("seeds", "noun", "5"))[1].startswith("There is no row “seeds”; the rows are noun")


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        (f'largest("{SCORES}") > -100', "", "holds before a number is changed"),
        (f'number("{SCORES}", 0, 0) > number("{SCORES}", 0, 0)', "", "holds for no other number of two digits"),
        (f'number("{SCORES}", 3, 0) > 1', "", "is 3 × 3; it has no number 3, 0"),
        (f'leads("{SCORES}", 0, 1)', ", rows=[4]", "is 3 × 4; it has no number 4, 0"),
        (f'number("{AT}hook_q[0]", 0, 0) > 1', "", "no number of blocks.0.attn.hook_k[0] changes whether"),
        (f'number("{SCORES}", 0, 0)', "", "is no comparison, which is true or false"),
        ('number("nothing", 0, 0) > 1', "", "nothing"),
        (f'largest("{AT}hook_pattern[0]", 0, "no-sqrt") > 1', "", "has no value"),
    ],
)
def test_what_cannot_be_brought_about_is_an_error_when_the_sheet_is_made(text, more, told):
    with pytest.raises(SheetError, match=re.escape(told)):
        asked(text, more)


def test_it_is_left_out_with_letters_and_where_numbers_of_which_nothing_is_promised_leave_nothing_to_do():
    sheet = load_sheet("attention-head")
    with_letters, _ = prepare(sheet, Options(numbers="symbolic"))
    assert not [block for block in with_letters.blocks if isinstance(block, Construction)]
    assert [section.number for section in with_letters.sections if section.number] == [1, 2, 3, 4, 5, 6]
    assert "Build it" not in [section.title for section in with_letters.sections]
    own = Options(values={"inputs": {"blocks.0.hook_resid_pre": [[0, 2, -2, 2], [2, -1, 0, -1], [1, 0, 1, 1]]}})
    in_base_3 = Options(base=3)  # whose numbers keep a promise in base 2 only
    for text, titles in (("< 99", ["Then"]), ("> 99", ["Build it", "Then"])):
        for options in (own, in_base_3):
            made, _ = prepare(lesson(BODY % (KEYS, f'largest("{SCORES}") {text}', "", SCORES)), options)
            assert [section.title for section in made.sections] == titles


def test_each_copy_of_a_class_has_a_solution_of_its_own():
    plan = Plan(load_sheet("attention-head"), Options(seed=5).on(load_sheet("attention-head")), "")
    run = NumberSets(plan).run([plan.key(Student(name, name, "")) for name in "abcdefgh"])
    (construction,) = (block for block in run.document.blocks if isinstance(block, Construction))
    shown = zip(*(run.filled(str(cell.value)) for cell in construction.cells), strict=True)
    found = [*zip(shown, run.runs(), strict=True)]
    for texts, own in found:
        assert construction.judged(texts, own.value, run.document.messages) == ("right", "")
    assert len({texts for texts, _ in found}) > 1


TRIED = """
function answer({ sheet, answers }) {
  const rules = new Rules(prepared(sheet), new Run(sheet));
  return answers.map((each) => {
    const judged = new Judged(rules, each);
    return [...rules.blanks.values()].filter(({ role }) => role === "change").map((blank) => {
      const { verdict, note, places } = judged.judgement(blank);
      const told = note && textOf(sheet, `construction.${note}`);
      return [verdict, told.replace(/\\{(\\w+)\\}/g, (whole, place) => places[place])];
    });
  });
}
"""


def tries(construction, dice, count) -> Iterator[list[str]]:
    """What students may write into the boxes."""
    numbers = ("0", "1", "−1", "5", "-7", "9", "1/2", "2,5", "x", "", "3, 4", "−∞", "√2")
    for _ in range(count):
        where = [
            dice.choice([*construction.labels[axis], "1", "2", "4", "dog", "", "1 and 2"])
            for axis in construction.axes
        ]
        yield [*where, dice.choice(numbers)]


@needs_node
@pytest.mark.parametrize(
    "options", [{"seed": 7}, {"seed": 3, "orientation": "columns"}, {"seed": 2, "numbers": "decimal"}]
)
def test_a_browser_decides_as_the_marker_does(options):
    document, run = prepare(load_sheet("attention-head"), Options(**options))
    (construction,) = (block for block in document.blocks if isinstance(block, Construction))
    texts, names = [construction.solution(run), *tries(construction, Random("tries"), 300)], boxes(document)
    answers = [dict(zip(names, each, strict=True)) for each in texts]
    (found,) = answers_of(TRIED, [{"sheet": sheet_of(document, run), "answers": answers}])
    verdicts = set()
    for each, by_browser in zip(texts, found, strict=True):
        verdict, note = construction.judged(each, run.value, document.messages)
        assert by_browser == [[verdict, note]] * len(names), each
        verdicts.add((verdict, note[:12]))
    assert len(verdicts) >= 7


def test_a_learning_platform_prints_it_without_its_solution_and_says_that_nobody_marks_it():
    quiz = Quiz(lower(*prepare(load_sheet("attention-head"), Options(seed=61))))
    (question,) = (each for each in quiz.questions if each.title == "Build it")
    assert (question.kind, question.entries) == ("text", ())
    text = " ".join("".join(question.body.itertext()).split())
    assert "Write it on paper: row, column, becomes. Many answers are right, so nobody marks this here" in text
    cells = [cell.text for cell in question.body.iter("td")]
    assert "5" not in cells
    assert "seeds" not in cells  # but as the label of a row


CODES = {"missing": 0, "right": 1, "wrong": 3, "unreadable": 3}


@pytest.mark.parametrize(
    ("sheet", "seed"), [("attention-head", 7), ("sparse-patterns", 0)]
)  # the other compares −∞, too
def test_a_spreadsheet_computes_whether_it_is_so(sheet, seed):
    document, run = prepare(load_sheet(sheet), Options(seed=seed))
    (construction,) = (block for block in document.blocks if isinstance(block, Construction))
    page, names = lower(document, run), boxes(document)
    content, places = workbook(page, "key", Setup()), plan(page, True).of_cell
    order = [
        each.id
        for section in document.sections
        for each in (*section.blanks, *(r for r in section.replies if r.options))
    ]
    verdicts = set()
    for texts in [construction.solution(run), *tries(construction, Random("spreadsheet"), 16)]:
        book = Book(content)
        for cell, text in zip(construction.cells, texts, strict=True):
            book.set("worksheet", cell_name(*places[id(cell)]), text or None)
        verdict, _ = construction.judged(texts, run.value, document.messages)
        found = {book["check", cell_name(FIRST + order.index(name), CODE)] for name in names}
        assert found == {CODES[verdict]}, texts
        verdicts.add(verdict)
    assert verdicts >= {"right", "wrong", "missing"}


@needs_node
def test_a_label_that_is_a_number_is_read_as_a_keyboard_writes_it():
    """The marks of a ruler, −2 to +2: "1" is the mark, and not the first row."""
    document, run = prepare(load_sheet("relative-positions"), Options(seed=61))
    (construction,) = (block for block in document.blocks if isinstance(block, Construction))
    labels, names, page = construction.labels[0], boxes(document), lower(document, run)
    content, places = workbook(page, "key", Setup()), plan(page, True).of_cell
    order = [
        each.id
        for section in document.sections
        for each in (*section.blanks, *(r for r in section.replies if r.options))
    ]
    assert labels == ("−2", "−1", "0", "+1", "+2")
    assert [places_of(labels, text) for text in ("−1", "-1", "+1", "1", "0", "3")] == [[1], [1], [3], [3], [2], [2]]
    solution = construction.solution(run)
    texts = [solution, (solution[0].replace("−", "-"), *solution[1:]), ("1", *solution[1:]), ("+1", *solution[1:])]
    sheet = {"sheet": sheet_of(document, run), "answers": [dict(zip(names, each, strict=True)) for each in texts]}
    (found,) = answers_of(TRIED, [sheet])
    for each, by_browser in zip(texts, found, strict=True):
        verdict, note = construction.judged(each, run.value, document.messages)
        assert by_browser == [[verdict, note]] * len(names), each
        book = Book(content)
        for cell, text in zip(construction.cells, each, strict=True):
            book.set("worksheet", cell_name(*places[id(cell)]), text)
        assert {book["check", cell_name(FIRST + order.index(name), CODE)] for name in names} == {CODES[verdict]}, each
    assert [construction.judged(each, run.value, document.messages)[0] for each in texts] == [
        "right",
        "right",
        "wrong",
        "wrong",
    ]
