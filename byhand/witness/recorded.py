"""What the witness asks of a run: its numbers as texts, and what each step reads. byhand.runs.Run has all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Texts = tuple[tuple[str, ...], ...]


class Step(Protocol):
    """One step."""

    @property
    def op_name(self) -> str:
        """The name of its operation, or "given"."""

    @property
    def inputs(self) -> Sequence[str]:
        """The names of the steps that it reads."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def times(self) -> str:
        """What a gradient's numbers are times: "" for nothing, or a power of ln b: "ln 2", "(ln 2)²", "1/ln 2"."""


class Config(Protocol):
    """Sizes and choices of a model."""

    def as_dict(self) -> dict[str, Any]: ...


class Recorded(Protocol):
    """A recorded run."""

    @property
    def model(self) -> str: ...

    @property
    def config(self) -> Config: ...

    @property
    def numbers(self) -> str: ...

    @property
    def places(self) -> int | None: ...

    @property
    def rounding(self) -> str | None: ...

    @property
    def tokens(self) -> Sequence[str]: ...

    @property
    def source(self) -> Sequence[str]: ...

    @property
    def vocabulary(self) -> Sequence[str]: ...

    @property
    def target(self) -> Sequence[str]:
        """The right words, of which the loss is the mean surprisal: one after the last token, or one after each."""

    @property
    def loss(self) -> str:
        """The step whose gradients the run has; "" for a run without gradients."""

    @property
    def steps(self) -> Mapping[str, Step]: ...

    @property
    def texts(self) -> Mapping[str, Texts]:
        """The numbers of each step as texts: "3", "-1/2", "0.25", "-inf", "2*a - b"."""

    def params(self, name: str) -> Mapping[str, Any]: ...


def computed_steps(run: Recorded) -> dict[str, Step]:
    """The steps that have an operation, by name."""
    return {name: step for name, step in run.steps.items() if step.op_name != "given"}
