"""Where a reader of a section finds the cells of the run that a rule names: on the page, or in no place of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from byhand.arithmetic.expr import Expr, Num, Ref, rebuild
from byhand.runs import Run
from byhand.tape import Place
from byhand.worksheet.document import Blank, Cell, Document


def place_of(ref: Ref) -> Place:
    """The place that a reference names."""
    i, j = ref.index
    return ref.matrix, i, j  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class Sources:
    """What stands for each place of the run where a reader of a section looks for it."""

    document: Document
    run: Run
    _found: dict[tuple[int, Place], Cell | Blank | None] = field(default_factory=dict, init=False, repr=False)

    def source(self, section: int, place: Place) -> Cell | Blank | None:
        """What stands for a place where a reader of a section looks for it; None where it stands nowhere."""
        known = section, place
        if known not in self._found:
            front = self.document.sections[section].front
            before = self.source(section - 1, place) if section and place not in front else None
            self._found[known] = front.get(place, before)
        return self._found[known]

    def on_page(self, section: int, tree: Expr) -> Expr:
        """A tree over references to what a reader of a section finds on the page.

        A number that stands nowhere is replaced by its own rule; a given one, which the text says, by its value.
        """

        def found(leaf: Num | Ref) -> Expr:
            if isinstance(leaf, Num) or not leaf.index or self.source(section, place_of(leaf)) is not None:
                return leaf
            if self.run[leaf.matrix].op is None:
                return Num(self.run.value(leaf))
            return self.on_page(section, self.run.rule(*place_of(leaf)))

        return rebuild(tree, found)
