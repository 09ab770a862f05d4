"""The map of an encoder and a decoder: a row of boxes for each, with arrows from the encoder to the decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from byhand.model.config import Config
from byhand.model.names import DECODER, ENCODER
from byhand.tape import Step, Tape, shape_text
from byhand.worksheet.document import Box, Map, Section, State, sections_asking
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import Orientation

_PARTS = {
    ("encoder", "post"): ("embed", "heads", "add1", "ln1", "mlp", "add2", "ln2"),
    ("encoder", "pre"): ("embed", "ln1", "heads", "add1", "ln2", "mlp", "add2"),
    ("decoder", "post"): (
        "embed", "heads", "add1", "ln1", "cross", "add_cross", "ln2", "mlp", "add2", "ln3", "unembed",
    ),
    ("decoder", "pre"): (
        "embed", "ln1", "heads", "add1", "ln2", "cross", "add_cross", "ln3", "mlp", "add2", "unembed",
    ),
}  # fmt: skip
_LABELS = {"heads": "attention", "cross": "attention", "ln1": "norm", "ln2": "norm", "ln3": "norm"}
_SUMS = {"add1": "heads", "add_cross": "cross", "add2": "mlp"}  # each ⊕, and the part whose result it adds


def two_stacks(
    config: Config, tape: Tape, sections: Sequence[Section], orientation: Orientation, messages: Messages,
    has_met: Callable[[str], bool],
) -> Map:  # fmt: skip
    """The map of a decoder, which holds the map of its encoder. has_met: whether the student has met a part."""
    parts = {stack: [*filter(has_met, _parts(config, stack))] for stack in ("encoder", "decoder")}
    steps = sections_asking(sections, tape.steps)
    where = {name: _where(step) for name, step in tape.steps.items()}
    home = {s.number: where.get(step) for s in sections for step in s.asked[:1]}
    places = [(stack, part) for stack in parts for part in parts[stack]]
    here = {where[step] for step in steps}
    last = max((i for i, place in enumerate(places) if place in here), default=-1)
    boxes: dict[str, list[Box]] = {"encoder": [], "decoder": []}
    for i, place in enumerate(places):
        numbers = {n for step, asking in steps.items() if where[step] == place for n in asking if home[n] == place}
        state: State = "here" if place in here else "done" if i < last else "later"
        stack, part = place
        shape = _sees(place, messages) or _shape(config, tape, place, orientation)
        boxes[stack].append(Box(part, _label(part, messages), shape, state, tuple(sorted(numbers))))
    decoder, encoder = (
        Map(tuple(boxes[stack]), {}, tuple(_branches(config, parts[stack])), stream, config.n_layers)
        for stack in ("decoder", "encoder")
        for stream in [_shape(config, tape, (stack, ""), orientation)]
    )
    return replace(decoder, encoder=encoder)


def _parts(config: Config, stack: str) -> list[str]:
    """The parts of a stack, in order."""
    left_out = {"ln1", "ln2", "ln3"} if config.normalization_type is None else set()
    left_out |= set() if config.d_vocab else {"unembed"}
    return [part for part in _PARTS[stack, config.norm_position] if part not in left_out]


def _where(step: Step) -> tuple[str, str]:
    """The stack and the part to which a step belongs; steps outside of layers are the decoder's."""
    return "encoder" if step.layer.startswith("encoder.") else "decoder", "heads" if step.part == "out" else step.part


def _label(part: str, messages: Messages) -> str:
    return "+" if part in _SUMS else rf"\text{{{messages.say(f'map.{_LABELS.get(part, part)}')}}}"


def _sees(place: tuple[str, str], messages: Messages) -> str:
    """The text under a decoder's attention, in place of a shape: which tokens it sees."""
    seen = {("decoder", "heads"): "map.masked", ("decoder", "cross"): "map.to_encoder"}
    return messages.say(seen[place]) if place in seen else ""


def _shape(config: Config, tape: Tape, place: tuple[str, str], orientation: Orientation) -> str:
    """The shape of a part's result."""
    stack, part = place
    rows = tape.steps[ENCODER if stack == "encoder" else DECODER].shape[0]
    shape = rows, config.d_vocab if part == "unembed" else config.d_model
    return shape_text(shape if orientation == "rows" else shape[::-1])


def _branches(config: Config, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """For each branch of a stack of these parts, the part with which it begins and the ⊕ where it ends."""
    for end, start in _SUMS.items():
        if end in parts:
            before = parts[parts.index(start) - 1]
            yield before if config.norm_position == "pre" and before.startswith("ln") else start, end
