"""From a sheet and its run to a Document: every blank has its answer, every number comes from the run."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import chain

import pytest
from every_sheet import FULL
from every_sheet import made as prepared

from byhand.errors import ConfigError, SheetError
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.document import Answer, Falk, Remark, Sentence, Strip, WordBoxes
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet, parse_sheet

SCORES = """---
title: T
model: softmax
goal: G
config: {softmax_base: 2}
tokens: ["a*b", "<i>"]
inputs: {scores: [[1, 0], [0, 2]]}
letters: {}
---
"""


def made(body: str, **options):
    return prepare(parse_sheet("mine", SCORES + body), Options(**options))[0]


def conventions_of(document):
    return ["".join(token.content for token in line) for line in document.conventions]


@pytest.mark.parametrize("name", sorted(sheet_files()))
def test_a_sheet_speaks_of_fractions_where_it_has_some(name):
    document, run = prepared(name)
    cells = [cell for section in document.sections for block in section.blocks for cell in block.cells]
    has_fractions = any(isinstance(cell.value, Fraction) and cell.value.denominator > 1 for cell in cells)
    assert run.tape().domain.name != "exact" or ("Exact fractions." in conventions_of(document)) == has_fractions


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_a_sheet_speaks_of_tokens_and_dimensions_where_it_has_some(orientation):
    """The rows of counted-pairs are words, and its columns are words or sentences; its keys stand on their side."""
    told = {"rows": "Rows are tokens, columns dimensions.", "columns": "Columns are tokens, rows dimensions."}
    sheets = ("queries-keys-values", "writing", "counted-pairs", "byte-pairs")
    documents = [prepared(name, orientation=orientation)[0] for name in sheets]
    assert [told[orientation] in conventions_of(each) for each in documents] == [True, True, False, False]


@pytest.mark.parametrize(("number", "told"), [(2, []), ("5/2", ["Exact fractions."])])
def test_somebodys_own_fractions_are_spoken_of(number, told):
    inputs = {
        "p": [[number, 2, -2, 1], [3, 3, 0, 3], [2, 1, 1, 2]],
        "q": [[4, 3, 2, 0], [1, -2, 3, 5], [1, 2, -1, 3]],
    }
    document, _ = prepare(load_sheet("dot-product"), Options(values={"inputs": inputs}))
    assert conventions_of(document) == told


@pytest.mark.parametrize("name", sorted(sheet_files()))
@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_every_blank_holds_the_runs_number(name, orientation):
    document, run = prepare(load_sheet(name), Options(orientation=orientation))
    assert document.blanks()
    for panel in document.panels():
        for cell in chain.from_iterable(panel.cells):
            i, j = cell.at
            assert str(cell.value).replace("-oo", "-inf") == run.texts[panel.step][i][j]


def test_the_flagship_asks_for_every_computed_step_of_its_run():
    document, run = prepare(load_sheet("gpt"), Options())
    asked = {p.step for p in document.panels() if p.role == "ask"}
    computed = {name for name, step in run.steps.items() if step.op}
    shown = {"hook_pos_embed", "blocks.0.attn.z", "next_token"}  # looked up, copied, and asked for as words
    second = ("k", "v", "attn_scores")  # made as those of the first head are
    shown |= {f"blocks.0.attn.hook_{name}[1]" for name in second}
    assert computed - asked == shown


def test_columns_are_the_same_run_turned():
    rows, columns = (prepare(load_sheet("attention-head"), Options(orientation=o))[0] for o in ("rows", "columns"))
    v, turned = (
        next(s for s in document.sections if s.title == "Mixture").figures[0] for document in (rows, columns)
    )
    assert isinstance(v, Falk)
    assert isinstance(turned, Falk)
    assert [list(r) for r in zip(*[[c.value for c in r] for r in v.result.cells], strict=True)] == [
        [c.value for c in r] for r in turned.result.cells
    ]
    assert v.formula == "Z = A V"
    assert turned.formula == "Z = V A"
    assert turned.left.symbol == "V"
    assert turned.upper.symbol == "A"


def error_of(document):
    """The last error that a sheet asks to find."""
    return [section for section in document.sections if section.title.startswith("Find the error")][-1]


def test_the_foil_is_another_matrix_than_the_right_one():
    document, run = prepare(load_sheet("attention-head"), Options())
    (strip,) = error_of(document).figures
    assert isinstance(strip, Strip)
    wrong = tuple(tuple(str(c.value) for c in row) for row in strip.panels[0].cells)
    assert wrong != run.texts["blocks.0.attn.hook_pattern[0]"]
    totals = [sum(Fraction(row[j]) for row in wrong) for j in range(3)]
    assert totals == [1, 1, 1]


@pytest.mark.parametrize(
    ("sheet", "step"),
    [
        ("attention-head", "hook_pattern[0]"), ("gpt", "hook_resid_mid"), ("multi-head-attention", "hook_attn_out"),
        ("layer-norm", "variance"), ("feed-forward", "hook_mlp_out"),
    ],
)  # fmt: skip
def test_the_error_to_be_found_is_one_for_every_seed(sheet, step):
    for seed in range(1, 16, 1 if FULL else 3):
        document, run = prepare(load_sheet(sheet), Options(seed=seed))
        right = next(texts for name, texts in run.texts.items() if name.endswith(step))
        (strip,) = error_of(document).figures
        assert tuple(tuple(str(c.value) for c in row) for row in strip.panels[0].cells) != right


def test_the_words_that_the_answers_spell():
    document, _ = prepare(load_sheet("gpt"), Options())
    boxes = [f for s in document.sections for f in s.figures if isinstance(f, WordBoxes)]
    assert [(b.labels, tuple(c.value for c in b.cells)) for b in boxes] == [
        (("the", "cat", "sat"), ("cat", "sat", "down"))
    ]


def test_each_shipped_sheet_asks_for_an_error_and_ends_in_words():
    """A sheet with a riddle comes back to it at its end."""
    for name in sheet_files():
        document, _ = prepared(name)
        error, last = error_of(document), document.sections[-1]
        assert any(isinstance(word, Answer) for word in error.words), name
        if document.riddle:
            assert any(isinstance(word, Sentence) for word in last.words), name
        else:
            assert last is error, name


def test_questions_of_one_kind_have_one_name():
    for name in sheet_files():
        for options in ({}, {"level": "stretch"}):
            titles = [section.title for section in prepared(name, **options)[0].sections]
            wrong = [title for title in titles if "error" in title.lower()]
            several = [f"Find the error, {n}" for n in range(1, len(wrong) + 1)]
            assert wrong == (several if len(wrong) > 1 else ["Find the error"]), name
            assert {title for title in titles if title.lower().startswith("true or false")} <= {"True or false?"}, (
                name
            )


def test_prose_names_a_sheet_by_its_number_and_title():
    document = made('## One\n\nAs on {{ sheet("scores") }}, and {{ sheet("chapter 3") }}.\n')
    (prose,) = document.sections[0].words
    text = "".join(child.content for token in prose.tokens for child in token.children or ())
    assert re.fullmatch(r"As on sheet \d+, “Scores”, and the sheet “chapter 3”\.", text)


def test_checks_and_hints_stand_with_the_words():
    document = made('## One\n\nWhy.\n\n{{ softmax("softmax") }}\n{{ hint("h") }}\n{{ check("c") }}\n')
    heads = [w.kind for w in document.sections[0].words if isinstance(w, Remark)]
    assert heads == ["hint", "check"]


def test_what_an_expression_prints_is_text():
    document = made("## One\n\nThe tokens {{ tokens[0] }} and {{ tokens[1] }}.\n")
    (prose,) = document.sections[0].words
    inline = next(t for t in prose.tokens if t.type == "inline")
    assert [child.type for child in inline.children] == ["text"] * len(inline.children)
    assert "".join(child.content for child in inline.children) == "The tokens a*b and <i>."


def test_a_text_in_quotes_is_filled_in_as_the_prose_is():
    body = (
        "## One\n\n{% for n in [2, 3] %}{{ hint('{{ n }} {{ rows }} of ${{ \"A\" }}_{\\\\text{x}}$') }}{% endfor %}\n"
    )
    remarks = [w for w in made(body).sections[0].words if isinstance(w, Remark)]
    texts = ["".join(t.content for t in remark.tokens) for remark in remarks]
    assert texts == [r"2 rows of A_{\text{x}}", r"3 rows of A_{\text{x}}"]
    (remark,) = made("## One\n\n{{ hint('{{ and }') }}\n").sections[0].words
    assert remark.tokens[0].content == "{{ and }"


def test_a_letter_stays_a_letter_and_is_solved_for():
    document, _ = prepare(load_sheet("gpt"), Options(numbers="symbolic"))
    logits = next(p for p in document.panels() if p.step == "logits")
    assert str(logits.cells[1][2].value) == "-2*a"
    (answer,) = (w for w in document.sections[-2].words if isinstance(w, Answer))
    assert "a = −2" in "".join(t.content for t in answer.tokens)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("## A\n\n{{ ask('softmx') }}\n", "mine.md line 12: no step 'softmx'; did you mean 'softmax'?"),
        ("## A\n\n{{ ask('softmax' }}\n", "mine.md line 12: unexpected '}', expected ')'"),
        ("## A\n\n{% if %}\n", "mine.md line 12: Expected an expression, got 'end of statement block'"),
        ("## A\n\n{{ nothing }}\n", "mine.md line 12: 'nothing' is undefined"),
        ("## A\n\n{{ given('scores') }}\n\nWhy $\\hat{x}$?\n", r"mine.md: the formula \hat{x} has \hat; there are: "),
        ("## A\n\n{{ hint('$x_{a$') }}\n", "mine.md line 12: the formula x_{a has a brace without its other one"),
        (
            "## A\n\n{{ strip(show('scores', caption='\\\\foo')) }}\n",
            r"mine.md line 12: the formula \foo has \foo; there are: ",
        ),
        ("## A\n\n{{ text(1 / 0) }}{{ ask('softmax') }}\n", "mine.md line 12: it divides by 0"),
        ("## A\n\n{{ text(1 / number('scores', 0, 0) / 0) }}\n", "mine.md line 12: it divides by 0"),
        ("## A\n\n{{ ask() }}\n", "mine.md line 12: ask() missing 1 required positional argument: 'name'"),
        (
            "## A\n\n{{ ask('softmax', layout='falk') }}\n",
            "mine.md line 12: softmax is not a product; use it without",
        ),
        (
            "## A\n\n{{ ask('softmax', layout='round') }}\n",
            "mine.md line 12: no layout 'round'; there are: falk, strip",
        ),
        (
            "## A\n\n{{ strip(blank('softmax'), '+') }}\n",
            "mine.md line 12: a strip is matrices with one sign between",
        ),
        ("## A\n\n{{ find_the_error('x', 'softmax', 1, '') }}\n", "mine.md line 12: no foil 'x'; "),
        ("## A\n\n{{ ''.__class__.__mro__ }}\n", "mine.md line 12: access to attribute '__class__'"),
        ("## A\n\n{% for i in range(10**9) %}{% endfor %}\n", "mine.md line 12: Range too big"),
        ("## A\n\n{{ 'x' * 10**6 ** 9 }}\n", "mine.md"),
        ("## A\n\n{% include 'page.html' %}\n", "mine.md line 12: no loader for this environment specified"),
        ("## A\n\n{{ hint('{{ nothing }}') }}\n", "mine.md line 12: 'nothing' is undefined"),
        ("## A\n\n{{ checkpoint('c', opens=tru) }}\n", "mine.md line 12: 'tru' is undefined"),
        ("## A\n\n{{ table(['a'], ['b', tru]) }}\n", "mine.md line 12: 'tru' is undefined"),
        ("## A\n\n{{ ask('softmax', note='a', note='b') }}\n", "mine.md line 12: note= is given twice; give it once"),
        (
            "## A\n\n{{ 'a' | default(default_value=1, default_value=2) }}\n",
            "mine.md line 12: default_value= is given twice",
        ),
        (
            "## A\n\n{{ hint('{{ 3 + }}') }}\n",
            "mine.md line 12: unexpected 'end of print statement'",
        ),
        (
            "## A\n\n{{ hint('{% if 1 %}{{ row }}{% endif %}') }}\n",
            "mine.md line 12: a text in quotes may hold {{ … }}",
        ),
        ("no heading\n", "mine.md has text but no heading; begin its first step with ##"),
        ("## A\n\ntext {{ hint('h') }} text\n", "mine.md: put {{ … }} of a block on a line of its own"),
        ("## A\n\n\ue0007\ue001\n", "mine.md holds \\ue000, which cannot be printed"),
        ("## A\n\n\U000f0000\n", "mine.md uses a character that is reserved"),
    ],
)
def test_what_is_wrong_in_a_body_is_said_with_its_line(body, message):
    with pytest.raises(SheetError) as error:
        made(body)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_the_sums_of_a_mistake():
    body = '## A\n{{ ask("softmax") }}\n{{ check(totals("softmax") ~ " / " ~ totals("softmax", "softmax-over-columns")) }}\n'
    (check,) = [w for w in made(body).sections[0].words if isinstance(w, Remark)]
    # powers 2 1 / 1 4: rows add up to 1; divided by the columns' sums 3 and 5, to 2/3 + 1/5 and 1/3 + 4/5
    assert check.tokens[0].content == "1,\u00a01 / 13/15,\u00a017/15"


@pytest.mark.parametrize(
    ("sheet", "own", "asked", "step"),
    [
        ("transformer-block", "norm_position='pre'", {"norm_position": "post"}, "blocks.0.ln2.hook_normalized"),
        ("encoder", "norm_position='post'", {"norm_position": "pre"}, "encoder.0.hook_normalized_resid_post"),
        ("gpt", "attn_only=False", {"attn_only": True}, "blocks.0.hook_resid_mid"),
        ("layer-norm", "normalization_type='LN'", {"normalization_type": "RMS"}, "blocks.0.ln1.mean"),
    ],
)
def test_a_model_with_other_steps_than_the_sheet_is_written_for_is_said(sheet, own, asked, step):
    ((name, choice),) = asked.items()
    with pytest.raises(ConfigError) as error:
        prepare(load_sheet(sheet), Options(seed=1, values={"config": asked}))
    assert str(error.value).startswith(
        f"{sheet} is written for {own}, and with {name}={choice!r} there is no step '{step}'; leave that out, or use"
    )
