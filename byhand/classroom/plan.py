"""What a class is: its sheet, what was asked for, and the numbers that a text, such as a student's id, draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from byhand.classroom.roster import Student
from byhand.classroom.variants import AGAIN, ClassRun, Made, fitting, run_copies
from byhand.errors import ConfigError, UnknownNameError
from byhand.formats.cache import made_once
from byhand.model.weights import Values
from byhand.pipeline import Options, choose_numbers
from byhand.symmetry import Draw, renamed
from byhand.worksheet.sheet import Sheet

SETS, LOOKED = 12, 10  # of numbers, at most; and how often it is looked for one more


@dataclass(frozen=True)
class Plan:
    """All that the copies of a class share, but for what is laid out.

    letters: what the names are written with.
    """

    sheet: Sheet
    options: Options
    letters: str

    def key(self, student: Student) -> str:
        """What decides the numbers of a student's copy."""
        return f"class/{self.options.chosen_seed}/{student.id}"

    def own(self) -> Values:
        """The first set of numbers: the sheet's own for seed 0, and where none can be searched for.

        Raises: ConfigError where there is one set of numbers only.
        """
        seed = self.options.chosen_seed
        if self.options.kept:
            return self.searched(0)
        try:
            return self.searched(1 + Draw(f"byhand/class/{seed}/0").below(2**31))
        except ConfigError:
            return self.searched(0)

    def saying(self, own: Values) -> Plan:
        """The same with the sentence of a model that says words, and what it says to it, as with these numbers."""
        if not self.sheet.model.says_words:
            return self
        said = run_copies(self.sheet, [own], [(0, 0)], self.options).tape.values("next_token")
        words = own.vocabulary
        tokens, answer = (tuple(words[int(t)] for t in ids) for ids in (own.ids(), [word for (word,) in said]))
        return replace(self, options=replace(self.options, tokens=tokens, answer=" ".join(answer)))

    def searched(self, seed: int) -> Values:
        """The numbers of a seed.

        Raises: ConfigError where there is one set of numbers only.
        """
        try:
            return choose_numbers(self.sheet, replace(self.options, seed=seed))[0]
        except UnknownNameError:
            raise self._alone() from None

    def every(self) -> tuple[Values, ...]:
        """All numbers that copies may have which are not renamed.

        Raises: ConfigError where there is one set of numbers only.
        """
        from byhand.numbers.choice import listed  # numpy, which letters and a file's numbers do without

        new = replace(self.options, seed=1)
        found = () if new.kept else listed(self.sheet.model, self.searched(0), new.level or "standard")
        if not found:
            raise self._alone()
        return tuple(found)

    def _alone(self) -> ConfigError:
        return ConfigError(f"{self.sheet.name} has one set of numbers only, so a class has none of its own")


@dataclass(frozen=True)
class Numbers:
    """What the copies are made from: sets of numbers, each copy one of them renamed.

    Where they cannot be renamed, each copy has others. found: those that were searched for, by what decides them.
    """

    plan: Plan
    found: dict[str, Values] = field(default_factory=dict, compare=False)

    @cached_property
    def own(self) -> Values:
        """The first set.

        Raises: ConfigError where there is one set of numbers only.
        """
        return self.plan.own()

    @cached_property
    def _others(self) -> Plan:
        """What other numbers are searched for."""
        return self.plan.saying(self.own)

    @cached_property
    def renames(self) -> bool:
        """Whether they can be renamed."""
        try:
            renamed(self.own, "any")
        except ConfigError:
            return False
        return True

    @cached_property
    def sets(self) -> tuple[Values, ...]:
        """The first set, and others whose page is the same but for its numbers."""
        if not self.renames:
            return (self.own,)
        return made_once("sets", self._found, repr((self.plan.sheet, self.plan.options)))

    def _found(self) -> tuple[Values, ...]:
        asked = [f"class/{self.plan.options.chosen_seed}/set {number}" for number in range(1, SETS)]
        try:
            keys = fitting(lambda keys: self._run_plain(map(self._searched, keys)), asked, LOOKED)
        except ConfigError:  # no others can be searched for
            return (self.own,)
        return (self.own, *(self._searched(key) for key in keys if key))

    @cached_property
    def _listed(self) -> tuple[Values, ...]:
        """All that copies may have where these cannot be renamed.

        Raises: ConfigError where there is one set of numbers only.
        """
        return made_once("listed", self.plan.every, repr((self.plan.sheet, self.plan.options)))

    def set_of(self, key: str) -> int:
        """Which set a copy is made from, however often its key is drawn again."""
        return Draw(f"byhand/{key.partition(AGAIN)[0]}/set").below(len(self.sets))

    def of(self, key: str) -> Values:
        """The numbers of the copy that a key decides.

        Raises: ConfigError where there is one set of numbers only.
        """
        if self.renames:
            return renamed(self.sets[self.set_of(key)], key, signs=self.plan.options.numbers != "symbolic")
        return self._listed[Draw(f"byhand/{key}/set").below(len(self._listed))]

    def run(self, keys: Sequence[str]) -> ClassRun:
        """The run on the sets as they are, and, after these, on the numbers of each key.

        Copies that would not have the first one's page are noted in its domain.

        Raises: SheetError where no page is to be made of the first one's numbers.
        """
        if not self.renames:
            return self._run_plain(map(self.of, keys))
        copies: list[Made] = [(number, 0) for number in range(len(self.sets))]
        copies += [(self.set_of(key), key) for key in keys]
        return run_copies(self.plan.sheet, self.sets, copies, self.plan.options)

    def _searched(self, key: str) -> Values:
        if key not in self.found:
            self.found[key] = self._others.searched(1 + Draw(f"byhand/{key}/seed").below(2**31))
        return self.found[key]

    def _run_plain(self, others: Iterable[Values]) -> ClassRun:
        """The run on the first set, and on others as they are."""
        sets = [self.own, *others]
        return run_copies(self.plan.sheet, sets, [(number, 0) for number in range(len(sets))], self.plan.options)
