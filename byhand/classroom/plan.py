"""The plan of a class: its sheet and options, and its sets of numbers, of which a student's id draws one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from msgspec import Struct, field, structs
from msgspec.structs import replace

from byhand.cache import cached_by
from byhand.choose import choose
from byhand.classroom.class_run import ClassRun, Variant, run_copies
from byhand.classroom.fitting import AGAIN, fitting
from byhand.classroom.roster import Student
from byhand.errors import ConfigError, UnknownNameError
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.symmetry.draw import Draw
from byhand.symmetry.renaming import moves, renamed
from byhand.worksheet.program import program_key
from byhand.worksheet.sheet import Sheet

SETS = 12  # the most sets of numbers that a class has
MANY_SETS = 48  # the most where a set has few different copies, as where dimensions have names and keep their places
TRIED, FEW = 24, 20  # copies of a set that are tried, and of which fewer with other answers are few
NEXT = "/next"  # is added to a key to draw another base thread, or the next words to read
SET_ATTEMPTS = 10  # seeds that are tried for each set after the first


class Plan(Struct, frozen=True):
    """What all copies of a class have in common."""

    sheet: Sheet
    options: Options
    letters: str
    """The characters of the students' names."""

    def __hash__(self) -> int:
        return hash(repr(self))  # its parts have dicts

    def key(self, student: Student) -> str:
        """The text that decides the numbers of a student's copy."""
        return self.key_of(student.id) + NEXT * student.moved

    def beside(self, students: Sequence[Student], numbers: NumberSets | None = None) -> list[Student]:
        """The students of a roster, moved on so that no two neighbours have the same base thread on a sheet of the
        thread; that no two students have the same words, where a seed draws these; nor the same set, where a set has
        few different copies. There may be too few: then as many as can be have others.

        numbers: those of this plan, if they are found already.
        """
        if self.sheet.draws_words:
            return self._apart(students, "words", len(self.listed_sets()))
        if self.sheet.of_thread:
            return self._with_other_threads(students)
        numbers = numbers or NumberSets(self)
        return self._apart(students, "set", len(numbers.sets)) if numbers.are_few else [*students]

    def _with_other_threads(self, students: Sequence[Student]) -> list[Student]:
        moved, before = list[Student](), -1
        for student in students:
            key, count = self.key_of(student.id), 0
            while _base_of(key + NEXT * count) == before:
                count += 1
            before = _base_of(key + NEXT * count)
            moved.append(replace(student, moved=count))
        return moved

    def _apart(self, students: Sequence[Student], what: str, count: int) -> list[Student]:
        """Each student moved on to another of so many places than those before, as many of them as can be."""
        moved, taken = list[Student](), deque[int](maxlen=count - 1)
        for student in students:
            first = _place_of(self.key_of(student.id), what, count)
            by = next(k for k in range(count) if (first + k) % count not in taken)
            taken.append((first + by) % count)
            moved.append(replace(student, moved=by))
        return moved

    def key_of(self, what: str) -> str:
        """The text that decides the numbers of a student's id, or of a set."""
        secret = self.options.secret
        if secret:
            name = "thread" if self.sheet.of_thread else self.sheet.name  # whose sheets have the same numbers
            return f"class/{secret.hashed('copy', f'{name}/{what}')}"
        return f"class/{self.options.chosen_seed}/{what}"

    def cache_key(self, *parts: object, **others: Any) -> str | None:
        """A key for a result made of this plan and these parts; None, for no caching, where a secret decides it.

        others: what the result does not depend on, as the plan may have it for all who ask for the result.
        """
        alike = {"seed": self.options.chosen_seed, "views": (), "formats": (), **others}
        asked = structs.replace(self.options, **alike)
        return program_key(self.sheet, asked, *parts) if asked.cached else None

    def of_thread(self) -> tuple[Values, ...]:
        """The base threads, with the words of the class."""
        from byhand.numbers.threads import bases, with_base

        first = self.first_set()
        return tuple(with_base(first, number, self.options.chosen_seed) for number in range(bases()))

    @cached_by("sets", lambda plan: plan.cache_key("first", paper="a4"))
    def first_set(self) -> Values:
        """The first set of numbers: for seed 0, or where no others can be searched for, the sheet's own.

        Raises: ConfigError where there is one set of numbers only.
        """
        if self.sheet.of_thread:  # a secret decides no more than whose base is whose
            return self.searched(self.options.chosen_seed)
        if self.sheet.draws_words:
            return self.listed_sets()[0]
        if self.options.keeps_numbers and not self.options.secret:
            return self.searched(0)
        try:
            return self.searched(1 + Draw(f"byhand/{self.key_of('0')}").below(2**31))
        except ConfigError:
            with suppress(ConfigError):  # which would say that seed 0 has no other numbers
                return self.searched(0)
            raise

    def with_words_of(self, numbers: Values) -> Plan:
        """The same plan; for a model that predicts words, with the sentence of these numbers and its next words."""
        if not (self.sheet.model.says_words and numbers.vocabulary):
            return self
        answers = run_copies(self.sheet, [numbers], [(0, 0)], self.options).tape.values("next_token")
        words = numbers.vocabulary
        tokens, answer = (tuple(words[int(t)] for t in ids) for ids in (numbers.ids(), [word for (word,) in answers]))
        return replace(self, options=structs.replace(self.options, tokens=tokens, answer=" ".join(answer)))

    def searched(self, seed: int) -> Values:
        """The numbers of a seed.

        Raises: ConfigError where there is one set of numbers only.
        """
        try:
            return choose(self.sheet, structs.replace(self.options, seed=seed))[0]
        except UnknownNameError:
            raise self._one_set_only() from None

    def listed_sets(self) -> tuple[Values, ...]:
        """All sets of numbers that may be chosen for the sheet, where they are few enough to be listed.

        Raises: ConfigError where there is one set of numbers only.
        """
        sets = self._listed_of_all_classes()
        if self.sheet.draws_words or have_several_words(sets):
            return sets
        first = self.first_set()  # whose words all have
        words = {"tokens": first.tokens, "source": first.source, "vocabulary": first.vocabulary}
        return tuple(structs.replace(each, **words) for each in sets)

    @cached_by("listed", lambda plan: plan.cache_key(seed=1, paper="a4"))
    def _listed_of_all_classes(self) -> tuple[Values, ...]:
        """The listed sets, with the sheet's own words."""
        if self.sheet.draws_words:
            return self._with_words()
        from byhand.numbers.choice import listed  # numpy, which letters and a file's numbers do without

        new = structs.replace(self.options, seed=1)
        sets = (
            ()
            if new.keeps_numbers
            else listed(
                self.sheet.model, self.searched(0), new.level or "standard", self.sheet.promises,
                pick_words=self.sheet.pick_words and not new.tokens,
            )
        )  # fmt: skip
        if not sets:
            raise self._one_set_only()
        return tuple(sets)

    def _with_words(self) -> tuple[Values, ...]:
        """The sheet's numbers with all the words that may be drawn, the sheet's own first.

        Raises: ConfigError where somebody's own words or numbers are asked for.
        """
        from byhand.numbers.readings import drawn

        if self.options.tokens or self.options.values is not None:
            raise ConfigError(f"a class of {self.sheet.name} draws words; leave out --tokens and --values")
        sheet = self.sheet
        return drawn(sheet.name, sheet.model, sheet.given(letters=False, base=self.options.base), sheet.promises)

    def _one_set_only(self) -> ConfigError:
        return ConfigError(f"{self.sheet.name} has one set of numbers only, so a class has none of its own")


def have_several_words(sets: Iterable[Values]) -> bool:
    """Whether sets differ in their words."""
    return len({each.tokens for each in sets}) > 1


def _base_of(key: str) -> int:
    """The base thread of the copy with this key."""
    from byhand.numbers.threads import bases

    return Draw(f"byhand/{key.partition(AGAIN)[0]}/base").below(bases())


def _place_of(key: str, what: str, count: int) -> int:
    """The place, of so many, of the words or of the set of the copy with this key."""
    drawn, *further = key.partition(AGAIN)[0].split(NEXT)
    return (Draw(f"byhand/{drawn}/{what}").below(count) + len(further)) % count


class NumberSets(Struct, frozen=True, dict=True):
    """The sets of numbers of a class. A copy has one of them, with its dimensions renamed.

    Where the sheet's numbers cannot be renamed, a copy has any set that may be chosen for the sheet, and where a seed
    draws words, its own words.
    """

    plan: Plan
    searched: dict[str, Values] = field(default_factory=dict)
    """The sets that were searched for, by the keys that decide them."""

    @cached_property
    def first_set(self) -> Values:
        """The first set.

        Raises: ConfigError where there is one set of numbers only.
        """
        return self.plan.first_set()

    @cached_property
    def _others(self) -> Plan:
        """The plan that further sets are searched with."""
        return self.plan.with_words_of(self.first_set)

    @cached_property
    def renames(self) -> bool:
        """Whether dimensions of the sheet's model can be renamed."""
        if self.plan.sheet.draws_words:  # and whose weights are the lesson
            return False
        try:
            moves(self.plan.sheet.model, self.first_set, self.plan.sheet.in_place)
        except ConfigError:
            return False
        return True

    @cached_property
    def sets(self) -> tuple[Values, ...]:
        """The first set, and others whose pages differ from its page in numbers only."""
        if self.plan.sheet.of_thread:
            return self.plan.of_thread()
        others = self.renames and not self.plan.options.keeps_its_numbers
        return self._with_others() if others else (self.first_set,)

    @cached_by("sets", lambda numbers: numbers.plan.cache_key(paper="a4"))
    def _with_others(self) -> tuple[Values, ...]:
        try:
            asked = [self.plan.key_of(f"set {number}") for number in range(1, MANY_SETS if self.are_few else SETS)]
            keys = fitting(lambda keys: self.run_plain(map(self._searched, keys)), asked, SET_ATTEMPTS)
        except ConfigError:  # no others can be searched for
            return (self.first_set,)
        others = [self._searched(key) for key in keys if key]
        if not self.are_few:
            return (self.first_set, *others)
        answers = [*_answers(self.run_plain(others))]
        return (self.first_set, *(each for n, each in enumerate(others, 1) if answers[n] not in answers[:n]))

    @cached_property
    def are_few(self) -> bool:
        """Whether a set has few different copies, so that it matters who has which."""
        return self.renames and not self.plan.options.keeps_its_numbers and self._has_few_copies()

    @cached_by("few", lambda numbers: numbers.plan.cache_key(paper="a4"))
    def _has_few_copies(self) -> bool:
        """Whether many of the first set's copies have the same answers, and another set has others."""
        variants: list[Variant] = [(0, 0), *((0, f"tried/{k}") for k in range(TRIED))]
        of_first = {*_answers(run_copies(self.plan.sheet, [self.first_set], variants, self.plan.options))}
        if len(of_first) >= FEW:
            return False
        try:
            others = [self._searched(self.plan.key_of(f"set {number}")) for number in range(1, MANY_SETS)]
        except ConfigError:  # no others can be searched for
            return False
        return any(answers not in of_first for answers in _answers(self.run_plain(others)))

    @cached_property
    def _listed(self) -> tuple[Values, ...]:
        """The sets that copies may have where numbers cannot be renamed.

        Raises: ConfigError where there is one set of numbers only.
        """
        return self.plan.listed_sets()

    @property
    def have_own_words(self) -> bool:
        """Whether copies have sentences of their own, the lines of whose pages break at other places.

        Raises: ConfigError where there is one set of numbers only.
        """
        return not self.renames and not self.plan.sheet.draws_words and have_several_words(self._listed)

    def load(self) -> None:
        """Find the sets now, so that a process that is given these numbers need not.

        Raises: ConfigError where there is one set of numbers only.
        """
        _ = self.sets if self.renames else self._listed

    def set_of(self, key: str) -> int:
        """The set that a copy is made from; it does not depend on the "/again" added to a key to draw again."""
        if self.plan.sheet.of_thread:
            return _base_of(key)
        if self.plan.sheet.draws_words:
            return _place_of(key, "words", len(self._listed))
        return _place_of(key, "set", len(self.sets))

    def of(self, key: str) -> Values:
        """The numbers of the copy with this key.

        Raises: ConfigError where there is one set of numbers only.
        """
        if self.renames:
            sheet, values, signs = (
                self.plan.sheet,
                self.sets[self.set_of(key)],
                self.plan.options.numbers != "symbolic",
            )
            return renamed(sheet.model, values, key, signs=signs, in_place=sheet.in_place)
        if self.plan.sheet.draws_words:
            return self._listed[self.set_of(key)]
        return self._listed[Draw(f"byhand/{key}/set").below(len(self._listed))]

    def run(self, keys: Sequence[str]) -> ClassRun:
        """Run the sets as they are and, after these, the numbers of each key, as copies of one page.

        Copies whose page would differ from the first one's in more than numbers are noted in the run's domain.

        Raises: SheetError where no page can be made with the first set's numbers.
        """
        if not self.renames:
            return self.run_plain(map(self.of, keys))
        variants: list[Variant] = [(number, 0) for number in range(len(self.sets))]
        variants += [(self.set_of(key), key) for key in keys]
        return run_copies(self.plan.sheet, self.sets, variants, self.plan.options)

    def _searched(self, key: str) -> Values:
        if key not in self.searched:
            self.searched[key] = self._others.searched(1 + Draw(f"byhand/{key}/seed").below(2**31))
        return self.searched[key]

    def run_plain(self, others: Iterable[Values]) -> ClassRun:
        """Run the first set and others as they are."""
        sets = [self.first_set, *others]
        return run_copies(self.plan.sheet, sets, [(number, 0) for number in range(len(sets))], self.plan.options)


def _answers(run: ClassRun) -> Iterator[str]:
    """The answers of each copy, as one text."""
    return run.filled("\0".join(value_text(blank.cell.value) for blank in run.document.blanks()))
