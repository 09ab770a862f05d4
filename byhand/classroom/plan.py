"""What a class is: its sheet, what was asked for, and the numbers that a text, such as a student's id, draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from byhand.choosing.symmetry import Draw, renamed
from byhand.classroom.roster import Student
from byhand.classroom.variants import Run, run_together, run_variants
from byhand.errors import ConfigError, UnknownNameError
from byhand.model.weights import Values
from byhand.pipeline import Options, choose_numbers
from byhand.worksheet.sheet import Sheet

INSTANCES = 3  # sets of numbers that are searched for; a student's copy is a renaming of one of them


@dataclass(frozen=True)
class Plan:
    """All that the copies of a class share, but for what is laid out.

    letters: what the names are written with.
    """

    sheet: Sheet
    options: Options
    letters: str

    def instance_of(self, student: Student) -> int:
        """Which set of numbers a student's copy is made from."""
        return self.draw(student, "set").below(INSTANCES)

    def key(self, student: Student) -> str:
        """What decides how it is renamed."""
        return f"class/{self.options.chosen_seed}/{student.id}"

    def draw(self, student: Student, what: str) -> Draw:
        """What is drawn for a student."""
        return Draw(f"byhand/{self.key(student)}/{what}")

    def values(self, number: int) -> Values:
        """The numbers of a set: the sheet's own for the first of seed 0, and where none can be searched for.

        Raises: ConfigError where there is one set of numbers only.
        """
        seed = self.options.chosen_seed
        if not self.options.kept or number:
            seed = 1 + Draw(f"byhand/class/{seed}/{number}").below(2**31)
        try:
            return self.searched(seed)
        except ConfigError:
            return self.searched(0)

    def searched(self, seed: int) -> Values:
        """The numbers of a seed.

        Raises: ConfigError where there is one set of numbers only.
        """
        try:
            return choose_numbers(self.sheet, replace(self.options, seed=seed))[0]
        except UnknownNameError:
            problem = f"{self.sheet.name} has one set of numbers only, so a class has none of its own"
            raise ConfigError(problem) from None


@dataclass(frozen=True)
class Numbers:
    """What the copies of a set are made from: numbers that are renamed for each, or others searched for and found."""

    plan: Plan
    values: Values
    found: dict[str, Values] = field(default_factory=dict)

    @cached_property
    def renames(self) -> bool:
        """Whether they can be renamed; else other ones are searched for."""
        try:
            renamed(self.values, "any")
        except ConfigError:
            return False
        return True

    def of(self, key: str) -> Values:
        """The numbers of the copy that a key decides.

        Raises: ConfigError where there is one set of numbers only.
        """
        if self.renames:
            return renamed(self.values, key, signs=self.plan.options.numbers != "symbolic")
        if key not in self.found:
            self.found[key] = self.plan.searched(1 + Draw(f"byhand/{key}/seed").below(2**31))
        return self.found[key]

    def run(self, keys: Sequence[str]) -> Run:
        """The run on the set's own numbers, copy 0, and on those of each key, from copy 1 on.

        Raises: SheetError where no page is to be made of them; Differs where not all have the same page.
        """
        if self.renames:
            return run_variants(self.plan.sheet, self.values, keys, self.plan.options)
        return run_together(self.plan.sheet, [self.values, *map(self.of, keys)], self.plan.options)
