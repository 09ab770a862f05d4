"""What the function of a model is given: a tape on which it records steps, and the values that they are run on."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from byhand.arithmetic.copies import categories
from byhand.errors import MisfitError, ValuesError
from byhand.model.config import Config
from byhand.model.names import ATTN, ENCODER, RESID_MID, RESID_PRE
from byhand.model.weights import Values
from byhand.notation.number import plain
from byhand.tape import Matrix, Tape


class Builder(Struct, frozen=True):
    """A tape, and the values. Its methods record the matrices that a model is given."""

    tape: Tape
    values: Values

    @property
    def config(self) -> Config:
        return self.values.config

    @property
    def positions(self) -> int:
        return self.values.positions()

    def stream(self, name: str, part: str = "embed") -> Matrix:
        """The residual stream as a given. part: the part of the architecture that it comes from.

        Shape: (pos, d_model).
        """
        with self.tape.part(part):
            return self.tape.given(name, (self.positions, self.config.d_model), ("pos", "d_model"))

    def middle(self) -> Matrix:
        """The rows that a feed-forward network reads, as a given: hook_resid_pre if only that is given, else
        hook_resid_mid.

        Shape: (pos, d_model).
        """
        given = self.tape.numbers
        begins = RESID_PRE in given and RESID_MID not in given
        return self.stream(RESID_PRE) if begins else self.stream(RESID_MID, "add1")

    def source(self) -> Matrix:
        """The rows that an encoder reads, or hands on to a decoder, as a given.

        Shape: (source, d_model).
        """
        with self.tape.part("embed"):
            return self.tape.given(
                ENCODER, (self.values.source_positions(), self.config.d_model), ("source", "d_model")
            )

    def matrix(self, name: str, axes: tuple[str, str], part: str = "", fixed: bool = False) -> Matrix:
        """A given matrix, whose shape is that of its numbers. part: of the architecture, where it has one. fixed:
        whether its numbers say how the model is built or used, as distances and temperatures do, so that a student's
        copy has them as they are.

        Raises: ValuesError where it is missing.
        """
        rows = self.tape.numbers.get(name)
        if rows is None:
            raise ValuesError(f"{name} is missing; give it under inputs, as rows")
        with self.tape.part(part or self.tape.current_part):
            return self.tape.given(name, (len(rows), len(rows[0])), axes, fixed=fixed)

    def head(self) -> tuple[Matrix, Matrix, Matrix]:
        """The queries, keys and values of the only head, as givens. Shapes: (pos, d_head) twice, (pos, d_v)."""
        axes = {"q": ("pos", "d_head"), "k": ("pos", "d_head"), "v": ("pos", "d_v")}
        q, k, v = (self.matrix(f"{ATTN}.hook_{letter}[0]", letter_axes) for letter, letter_axes in axes.items())
        return q, k, v

    def number(self, name: str, default: int | Fraction, cols: int = 1) -> Matrix:
        """A number that says how the model is built or used, such as a price or a share: that of the inputs, else the
        default. It has a column for each of `cols` models side by side.
        """
        return self.tape.given(name, (1, cols), ("", "model" if cols > 1 else ""), default, fixed=True)

    def count(self, name: str, default: int, cols: int = 1) -> Matrix:
        """A `number` that counts something.

        Raises: MisfitError where it is no whole number from 0.
        """
        matrix = self.number(name, default, cols)
        for x in (x for entry in self.tape.numbers[name][0] for x in categories(entry)):
            if not isinstance(x, str) and (x < 0 or x % 1):
                raise MisfitError(name, f"{plain(x)}; a count is a whole number, 0 or more")
        return matrix

    def size(self, name: str, cols: int = 1) -> Matrix:
        """A size as a number that steps calculate with: that of the config, unless inputs give another."""
        return self.count(name, getattr(self.config, name), cols)
