"""The rules of a sheet's blanks, as a marker has them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from msgspec import Struct, field

from byhand.page.reader import Reader
from byhand.runs import Run


class Rules(Reader, Struct, frozen=True, eq=False):
    """The rules of a sheet's blanks, over places, and where a reader of each section finds these.

    It has no numbers of a student. A class has one for all copies that have the same rules.
    """

    diagnoses: dict[Hashable, Any] = field(default_factory=dict)
    """The slips that were found in answers, by these answers and the numbers around them: many students of a class
    write the same."""

    def again(self, run: Run) -> Rules:
        """The rules of another copy of a class, on the same page."""
        other = Rules(self.document, run)
        shared = [
            "_sources",
            "fronts",
            "blanks",
            "constructions",
            "section_of",
            "asked_steps",
            "printed_steps",
            "letters",
        ]
        if self.has_rules_of(run):
            shared += ["_reads", "names", "mistakes"]
        other.__dict__.update({name: getattr(self, name) for name in shared})
        return other

    def has_rules_of(self, run: Run) -> bool:
        """Whether another run has the same rules: in some, tokens decide which cells a rule reads."""
        return all(run.steps[name] is step for name, step in self.run.steps.items())
