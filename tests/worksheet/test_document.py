"""Blocks by their kind: each says itself what it is drawn with, what it asks for and what it costs."""

from collections import Counter

import pytest
from kinds import kinds, lesson

from byhand.effort import QUESTION, STEP
from byhand.options import Options
from byhand.page.sections import LAYOUTS
from byhand.pipeline import prepare
from byhand.worksheet import document
from byhand.worksheet.document import Block, Figure, Question, TextBlock
from byhand.worksheet.folders import shipped

BLOCKS = [found for found in vars(document).values() if isinstance(found, type) and issubclass(found, Block)]
KINDS = {block.kind: block for block in BLOCKS if hasattr(block, "kind")}
X = "blocks.0.attn.hook_q[0]"


def test_every_kind_is_a_word_or_a_figure():
    assert all(issubclass(block, TextBlock) != issubclass(block, Figure) for block in KINDS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_template_or_is_laid_out(kind):
    assert kind in LAYOUTS or (shipped() / "blocks" / f"{kind}.html").is_file()


def test_no_template_asks_what_a_block_has():
    assert not [path for path in shipped().rglob("*.html") if "is defined" in path.read_text(encoding="utf-8")]


def test_every_question_of_the_sheet_of_all_kinds_is_counted():
    page = kinds()
    found = Counter(block.kind for block in page.blocks if isinstance(block, Question))
    assert found == {"choice": 1, "claim": 3, "answer": 2, "sentence": 1}
    assert page.effort.questions == found.total()


def section(body):
    return prepare(lesson(f"## A\n\n{body}\n"), Options())[0].sections[0]


@pytest.mark.parametrize(
    ("body", "question", "asked", "seconds"),
    [
        ("Only prose.", False, (), 0),
        ('{{ lines(1, "because") }}', True, (), QUESTION),
        ('{{ claim("It is.", True, "so") }}', True, (), QUESTION),
        ('{{ choose("blocks.0.attn.scores_raw[0]", 1) }}', False, ("blocks.0.attn.scores_raw[0]",), STEP),
        (f'{{{{ given("{X}") }}}}', False, (), 0),
    ],
)  # fmt: skip
def test_a_section_is_a_question_where_it_asks_what_is_no_step(body, question, asked, seconds):
    found = section(body)
    assert (found.is_question, found.asked) == (question, asked)
    assert sum(block.effort.seconds for block in found.blocks) == seconds


def test_the_arithmetic_of_several_matrices_is_under_their_names():
    (figure,) = section(f'{{{{ strip(blank("{X}"), "", blank("blocks.0.attn.hook_k[0]")) }}}}').figures
    assert [(working.symbol, len(working.lines)) for working in figure.worked(transposed=False)] == [
        ("Q", 3),
        ("K", 3),
    ]
    assert [len(working.lines[0].rows) for working in figure.worked(transposed=True)] == [3, 3]
