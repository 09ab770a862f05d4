"""One word, two meanings: a seed draws the word along with the numbers."""

from collections import Counter

import pytest

from byhand.choose import choose
from byhand.classroom.again import Class, own_copies
from byhand.classroom.classes import make_class
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.lessons.word_in_context import GO_WITH_ALL, WORDS
from byhand.mistakes import mistaken
from byhand.numbers.choice import evaluated, listed
from byhand.options import Options
from byhand.page.grid import ROOM_FOR_WORD
from byhand.worksheet.construction import Construction
from byhand.worksheet.sheet import load_sheet

SHEET = load_sheet("word-in-context")
OWN = SHEET.given(letters=False)


def test_no_word_stands_twice_and_each_has_room_over_a_column():
    assert not [words for words in WORDS if len({*words}) < 7 or max(map(len, words)) > ROOM_FOR_WORD]
    assert max(Counter(word for word, *_ in WORDS).values()) == 1


def test_seeds_draw_words_with_their_numbers():
    drawn = [choose(SHEET, Options(seed=seed))[0] for seed in range(1, 13)]
    assert len({values.tokens for values in drawn}) > 6
    for values in drawn:
        who, does, word, whose, acts, again = values.tokens
        assert word == again
        assert [word, values.vocabulary[0], who, does, values.vocabulary[1], whose, acts] in [[*w] for w in WORDS]


def test_words_of_ones_own_stay():
    words = ("bread", "needs", "jam", "truck", "nears", "jam")
    assert choose(SHEET, Options(seed=5, tokens=words))[0].tokens == words


@pytest.mark.parametrize("seed", range(1, 6))
def test_without_the_mixing_both_sentences_come_out_alike(seed):
    right = evaluated(SHEET.model, choose(SHEET, Options(seed=seed))[0])
    alone = mistaken(right, "word-by-itself")[0]
    assert alone.values("first.mixed") == alone.values("second.mixed") == right.values("word")
    assert right.values("first.says") != right.values("second.says")


@pytest.mark.parametrize("seed", range(51))
def test_each_number_can_be_said_in_words(seed):
    """A noun has most to do with its sentence and nothing with the other one, and its verb has some, too."""
    first, verb, word, second, acts = choose(SHEET, Options(seed=seed))[0].inputs["x"]
    assert first[1] == second[0] == 0
    assert word == [1, 1]
    assert 4 >= first[0] > verb[0] > verb[1] >= 0
    assert 4 >= second[1] > acts[1] > acts[0] >= 0


def test_students_read_sentences_of_their_own():
    sets = NumberSets(Plan(SHEET, Options().on(SHEET), ""))
    copies = [sets.of(f"class/0/{n}") for n in range(40)]
    assert sets.have_own_words
    assert len({copy.tokens for copy in copies}) > 20
    assert all(
        (copy.tokens[2], *copy.vocabulary) in {(word, a, b) for word, a, _, _, b, _, _ in WORDS} for copy in copies
    )


def test_each_copy_is_marked_by_its_own_words(tmp_path):
    made = make_class("word-in-context", [Student(f"S{n}", f"s{n}") for n in range(3)], out=tmp_path)
    assert made.laid_out_alone == 3
    known = Class.in_folder(made.folder)
    copies = [*own_copies(known.plan, known.copies)]
    assert len({copy.run.tokens for copy in copies}) == 3
    for copy in copies:
        lines = [line for line in WORDS if (line[2], line[3], line[0]) == copy.run.tokens[:3]]
        assert [(line[1], line[4]) for line in lines] == [copy.run.vocabulary]
        (built,) = [block for block in copy.document.blocks if isinstance(block, Construction)]
        assert built.labels[1] == copy.run.vocabulary
        assert built.cells[0].value in copy.run.vocabulary
        assert [reply.labels for reply in copy.replies].count(copy.run.vocabulary) == 2  # both gaps of the sentence


def test_a_class_with_words_of_ones_own_keeps_them():
    words = ("bread", "needs", "jam", "truck", "nears", "jam")
    sets = NumberSets(Plan(SHEET, Options(tokens=words).on(SHEET), ""))
    assert not sets.have_own_words
    assert {sets.of(f"class/0/{n}").tokens for n in range(20)} == {words}


def test_each_word_has_several_sets_of_numbers_in_a_class():
    sets = listed(SHEET.model, OWN, promises=SHEET.promises, pick_words=True)
    assert len({str(values) for values in sets}) == len(sets)
    assert {values.tokens[2] for values in sets} == {word for word, *_ in WORDS}
    assert min(Counter(values.tokens for values in sets).values()) >= 4


def test_only_verbs_that_go_with_all_have_to_do_with_the_other_thing_or_tell_little():
    sets = listed(SHEET.model, OWN, promises=SHEET.promises, pick_words=True)
    tell_little = {
        values.tokens[i]
        for values in sets
        for i, row in ((1, values.inputs["x"][1]), (4, values.inputs["x"][4]))
        if max(row) < 2 or min(row) > 0
    }
    assert tell_little == GO_WITH_ALL
