"""Models whose weights are the lesson: they are right for all that they may read, and a seed draws what they read."""

from collections import Counter
from itertools import product

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from byhand.choose import choose
from byhand.classroom.classes import make_class
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import anonymous
from byhand.cli import main
from byhand.errors import ConfigError
from byhand.numbers import readings as room
from byhand.numbers.choice import evaluated
from byhand.numbers.readings import Reading, drawn, readings, reads
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.reading.many import files_in, findings_of
from byhand.reading.verdict import Finding
from byhand.worksheet.sheet import all_sheets, load_sheet

SHEETS = [sheet.name for sheet in all_sheets() if sheet.draws_words]
PARROT = """---
title: A parrot
model: gpt
goal: "You say again what was said last."
promises: ['number("blocks.0.hook_resid_pre", 0, 0) > 0']
allows: {parallel_tokens: "", parallel_queries: "", parallel_keys: "", parallel_values: "", zero_rows: "", constant_columns: "", one_set_of_shares: "", looking_at_oneself: "", tied_words: ""}
config: {n_ctx: 2, d_model: 3, n_heads: 1, d_head: 3, attn_only: true, softmax_base: 2, normalization_type: null, positional_embedding_type: null, use_attn_scale: false}
tokens: [a, b]
vocabulary: [a, b, c]
weights:
  embed.W_E: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
  blocks.0.attn.W_Q: [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]
  blocks.0.attn.W_K: [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]
  blocks.0.attn.W_V: [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]
  blocks.0.attn.W_O: [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]
  unembed.W_U: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
---
## Look up

{{ given("embed.W_E") }}
{{ strip(blank("blocks.0.hook_resid_pre")) }}
{{ words() }}
{{ question("How many texts are there?", "{{ readings }}") }}
"""


@pytest.mark.parametrize("name", SHEETS)
def test_a_model_is_right_for_all_that_it_may_read(name):
    """The proof: every one of them is run."""
    sheet = load_sheet(name)
    values, listed = sheet.given(letters=False), readings(name)
    assert len({reading.words for reading in listed}) == len(listed) > 0
    for reading in listed:
        ((said,),) = evaluated(sheet.model, replace(values, tokens=reading.words)).values("next_token")[-1:]
        assert values.vocabulary[int(said)] == reading.says, reading


@pytest.mark.parametrize("name", SHEETS)
def test_every_page_of_a_class_is_the_same_but_for_words_and_numbers(name):
    numbers = NumberSets(Plan(load_sheet(name), Options(numbers="exact"), ""))
    run = numbers.run([numbers.plan.key_of(str(k)) for k in range(60)])
    assert not run.domain.differing.any()


@pytest.fixture
def parrot(folder, monkeypatch):
    """A sheet of one's own whose seeds draw two words, the first of them a."""
    (folder / "worksheets" / "parrot.md").write_text(PARROT)
    monkeypatch.setattr(room, "_READINGS", {})
    reads("parrot")(lambda: (Reading(words, words[-1]) for words in [*product("abc", repeat=2), ("a",)]))
    return load_sheet("parrot")


def test_a_seed_draws_the_words_and_leaves_the_numbers(parrot):
    chosen = [choose(parrot, Options(seed=seed, numbers="exact"))[0] for seed in range(4)]
    assert sorted(each.tokens for each in chosen[:3]) == [("a", "a"), ("a", "b"), ("a", "c")]
    assert (chosen[0].tokens, chosen[3].tokens) == (("a", "b"), ("a", "b"))
    assert {repr(each.weights) for each in chosen} == {repr(chosen[0].weights)}
    given = parrot.given(letters=False)
    assert [each.tokens for each in drawn("parrot", parrot.model, given, parrot.promises)] == [
        each.tokens for each in chosen[:3]
    ]


def test_its_page_says_them_and_how_many_there_are(parrot):
    for seed, words in ((0, ("a", "b")), (1, ("a", "a"))):
        document, run = prepare(parrot, Options(seed=seed, numbers="exact"))
        assert run.tokens == words
        assert document.replies()[-1].right == "10"


def test_what_it_cannot_read_is_refused_in_a_line(parrot):
    with pytest.raises(ConfigError, match=r"^parrot reads one of 3 texts, such as 'a b', and not 'b a'$"):
        choose(parrot, Options(tokens=("b", "a")))
    assert choose(parrot, Options(tokens=("a", "a")))[0].tokens == ("a", "a")
    with pytest.raises(ConfigError, match=r"^what parrot says follows from what it reads; leave out --answer$"):
        choose(parrot, Options(answer="b"))
    with pytest.raises(ConfigError, match=r"^a class of parrot draws words; leave out --tokens and --values$"):
        make_class("parrot", anonymous(2), Options(tokens=("a", "a")))


def test_no_two_students_read_the_same_until_there_is_nothing_else(parrot, tmp_path):
    plan = Plan(parrot, Options(numbers="exact"), "")
    numbers = NumberSets(plan)
    read = Counter(numbers.of(plan.key(student)).tokens for student in plan.beside(anonymous(7)))
    assert sorted(read.values()) == [2, 2, 3]


def test_a_class_is_told_when_it_has_more_students_than_there_are_words(parrot, tmp_path):
    made = CliRunner().invoke(main, ["class", "parrot", "--anonymous", "4", "--out", str(tmp_path / "out")])
    assert made.exit_code == 0, made.output
    assert made.stderr.splitlines()[-2:] == [
        "4 students, 3 of the 3 texts that the sheet reads; the numbers are the same for all",
        "there are only 3 texts: 2 students have one that somebody else has, too",
    ]
    made = CliRunner().invoke(main, ["class", "parrot", "--anonymous", "3", "--out", str(tmp_path / "three")])
    assert made.stderr.splitlines()[-1] == (
        "3 students, 3 of the 3 texts that the sheet reads; the numbers are the same for all"
    )


def test_copies_are_filled_into_one_page_and_can_be_verified(parrot, tmp_path):
    made = make_class("parrot", anonymous(4), out=tmp_path)
    assert (made.laid_out_alone, made.words) == (0, 3)
    files, _ = files_in(made.folder)
    (tally,) = findings_of(files, 1, onnx=False)
    assert tally.findings == {Finding.RIGHT: 8}, tally.lines
