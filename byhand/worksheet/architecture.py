"""The map of a sheet: the architecture as boxes with their shapes, and the parts that the sheet computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from byhand.model import Model
from byhand.model.config import Config
from byhand.model.names import is_gradient, symbol
from byhand.tape import Step, Tape, shape_text
from byhand.worksheet.construction import constructions
from byhand.worksheet.context import is_learned
from byhand.worksheet.document import Box, Map, Node, Section, State, sections_asking
from byhand.worksheet.messages import Messages
from byhand.worksheet.stacks import two_stacks
from byhand.worksheet.views import Orientation

# the parts of the decoder-only architecture, in the order of the residual stream
PRE_NORM = ("embed", "ln1", "heads", "out", "add1", "ln2", "mlp", "add2", "ln_final", "unembed")
POST_NORM = ("embed", "heads", "out", "add1", "ln1", "mlp", "add2", "ln2", "unembed")
BESIDE = ("count", "aside")  # begin the names of steps that are beside the model, which its map leaves out


def map_of(
    config: Config, model: Model, tape: Tape, positions: int, orientation: Orientation, sections: Iterable[Section],
    messages: Messages, has_met: Callable[[str], bool] = lambda part: True, symbols: Mapping[str, str] = {},
) -> Map:  # fmt: skip
    """The map of a sheet: the architecture with its shapes, and what the sheet's sections compute in each part.

    positions: how many there are in a model whose steps have none. has_met: whether the student has met a part; the
    others are left out. It may be that no box is left. symbols: those that the sheet has for its own steps.
    """
    axes = (axis for step in tape.steps.values() for axis in zip(step.axes, step.shape, strict=True))
    sizes = (size for axis, size in axes if axis == "pos")  # a last token that is only predicted has none
    positions = min(sizes, default=positions or config.n_ctx)
    chart = _Chart(config, model, tape, positions, orientation, tuple(sections), messages, has_met, symbols)
    if any(step.part == "cross" for step in tape.steps.values()):
        return two_stacks(config, tape, chart.sections, orientation, messages, has_met)
    readers = chart.rows("add1")
    branches = [(start, end) for end, start in chart.starts().items()]
    return Map(
        boxes=tuple(chart.boxes()),
        inside={part: nodes for part in ("", *chart.parts) if not model.counts and (nodes := chart.inside(part))},
        branches=tuple(branches),
        stream=chart.shape(config.d_model, readers),
        readers=readers,
        layers=1 if chart.unrolled else chart.layers,
        is_one_block=config.share_layers,
        memory=chart.shape(config.d_model, config.mem_len) if config.mem_len else "",
        turned=chart.turned,
    )


class _Chart(Struct, frozen=True, dict=True):
    """The data that the map of one stack is built from."""

    config: Config
    model: Model
    tape: Tape
    positions: int
    orientation: Orientation
    sections: tuple[Section, ...]
    messages: Messages
    has_met: Callable[[str], bool]
    symbols: Mapping[str, str]

    @cached_property
    def layers(self) -> int:
        """The number of layers of the run, at least 1."""
        return max(1, len({step.layer for step in self.tape.steps.values() if step.layer}))

    @cached_property
    def turned(self) -> bool:
        """Whether most sections that ask for steps ask for gradients."""
        asked = [[*map(is_gradient, steps)] for section in self.sections if (steps := self.computed(section))]
        return 2 * sum(map(any, asked)) > len(asked)

    @cached_property
    def unrolled(self) -> bool:
        """Whether each layer has boxes of its own: a row has room for two of attention only."""
        c, has_sums = self.config, {"heads", "add1"} <= {*self._of_one_layer}
        return c.attn_only and c.normalization_type is None and self.layers == 2 and has_sums and not c.share_layers

    @cached_property
    def parts(self) -> list[str]:
        """The parts of this model, in order. Those of a second layer that has boxes of its own have its number, from
        0, behind their names: heads.1.
        """
        parts = self._of_one_layer
        if not self.unrolled:
            return parts
        begins, ends = parts.index("heads"), parts.index("add1") + 1
        return [*parts[:ends], *(f"{part}.1" for part in parts[begins:ends]), *parts[ends:]]

    @cached_property
    def _of_one_layer(self) -> list[str]:
        """The parts of a model of one layer, in order."""
        c, left_out = self.config, {part for part in (*PRE_NORM, *POST_NORM) if not self.has_met(part)}
        if c.normalization_type is None:
            left_out |= {"ln1", "ln2", "ln_final"}
        if c.attn_only:
            left_out |= {"ln2", "mlp", "add2"}
        computed = {step.part for step in self.tape.steps.values()}
        if not {"ln_final", "unembed"} & computed:
            left_out |= {"ln_final", "unembed"}
        if {"embed", "unembed"} <= computed and not self.model.counts:  # a whole model, which computes all its parts
            left_out |= {*PRE_NORM} - computed
        return [p for p in (PRE_NORM if c.norm_position == "pre" else POST_NORM) if p not in left_out]

    def starts(self) -> dict[str, str]:
        """For each ⊕, the part at which the branch that it adds begins."""
        parts, pre = self.parts, self.config.norm_position == "pre"
        begins = {"add1": ("ln1", "heads") if pre else ("heads",), "add2": ("ln2", "mlp") if pre else ("mlp",)}
        begins["add1.1"] = ("heads.1",)
        return {end: next(p for p in begins[end] if p in parts) for end in begins if end in parts}

    def part(self, step: str) -> str:
        """The part of this model that computes a step; "" where the map does not show one."""
        part, layer = self.tape.steps[step].part, self.tape.steps[step].layer.rpartition(".")[2]
        later = f"{part}.{layer}"
        return later if later in self.parts else part if part in self.parts else ""

    def boxes(self) -> Iterator[Box]:
        """The boxes along the residual stream; two heads have a box each."""
        c, parts, norm = self.config, self.parts, self.label(self.config.normalization_type or "LN")
        labels = {part: self.label(part) for part in ("embed", "unembed")} | {"mlp": self.network()}
        labels |= {"out": "O", "ln1": norm, "ln2": norm, "ln_final": norm, "add1": "+", "add2": "+"}
        steps = sections_asking(self.sections, self.tape.steps)
        at_home = {part: {s.number for s in self.sections if self.home(s) == part} for part in parts}
        asked = [i for i, part in enumerate(parts) if any(self.part(step) == part for step in steps)]
        for i, part in enumerate(parts):
            before = i > min(asked, default=i) if self.turned else i < max(asked, default=-1)
            kind, _, layer = part.partition(".")
            for label, heads in self.heads(int(layer or 0)) if kind == "heads" else [(labels[kind], None)]:
                computed = [s for s in steps if self.part(s) == part and (heads is None or self.is_in(heads, s))]
                numbers = {n for s in computed for n in steps[s] if n in at_home[part]}
                width = {"heads": c.d_v, "unembed": c.d_vocab}.get(kind, c.d_model)
                here = computed or self.model.counts  # what only counts takes in the whole model
                state: State = "here" if here else "done" if before else "later"
                yield Box(part, label, self.shape(width, self.rows(part)), state, tuple(sorted(numbers)))

    def rows(self, part: str) -> int:
        """How many rows a part has that is for several readers of one position, not for all positions; else 0."""
        for_all = any("pos" in step.axes for step in self.tape.steps.values())
        *_, result = (None, *(step for step in self.tape.steps.values() if step.op and self.part(step.name) == part))
        if result is None or not for_all or "pos" in result.axes or result.shape[0] == 1:
            return 0
        return result.shape[0]

    def label(self, name: str, **places: object) -> str:
        """The label of a box, as LaTeX."""
        return rf"\text{{{self.messages.say(f'map.{name}', **places)}}}"

    def network(self) -> str:
        """The label of the feed-forward network, which may have a gate, or be several with a router."""
        c = self.config
        if c.num_experts:
            return self.label("experts", n=c.num_experts)
        return self.label("gated_mlp" if c.gated_mlp else "mlp")

    def is_in(self, heads: range, step: str) -> bool:
        """Whether a step belongs to one of these heads, or to no head in particular."""
        head = self.tape.steps[step].head
        return head is None or head in heads

    def heads(self, layer: int) -> list[tuple[str, range]]:
        """The boxes of the heads: a label, and the heads in the box; of a layer that has boxes of its own, with its
        number.
        """
        boxes = self._heads_of_one_layer()
        if not self.unrolled:
            return boxes
        return [(self.label("of_layer", heads=label[6:-1], n=layer + 1), heads) for label, heads in boxes]

    def _heads_of_one_layer(self) -> list[tuple[str, range]]:
        n, keys = self.config.n_heads, self.config.key_value_heads
        if keys < n:
            return [(self.label("heads_shared", n=keys, heads=n), range(n))]
        if n == 1:
            return [(self.label("head"), range(1))]
        if n == 2 or self.model.one_head:
            rest = self.label("head_number", n=2) if n == 2 else self.label("heads_from", first=2, last=n)
            return [(self.label("head_number", n=1), range(1)), (rest, range(1, n))]
        return [(self.label("heads", n=n), range(n))]

    def home(self, section: Section) -> str | None:
        """The part to which a section belongs: the first one along the stream of which it asks for a step, or, of
        gradients, which come from the other end, the last. One that goes through the whole model, from words or
        attention to words, belongs to none.
        """
        asked = self.asked(section)
        parts = {*map(self.part, asked)}
        if asked and all(map(is_gradient, asked)):
            return max(parts, key=["", *self.parts].index)
        is_through = "unembed" in parts and any(part.startswith(("embed", "heads")) for part in parts)
        return None if is_through else min(parts, key=[*self.parts, ""].index, default=None)

    def asked(self, section: Section) -> list[str]:
        """The steps that a section asks for, but for those that are computed elsewhere and only counted here."""
        steps = self.tape.steps
        counted = {cell.step for block in section.blocks for cell in block.cells if cell.shows == "size"}
        return [step for step in section.asked if step in steps and not (step in counted and steps[step].op)]

    def computed(self, section: Section) -> set[str]:
        """The steps of the model that a section asks for."""
        return {s for s in self.asked(section) if self.tape.steps[s].op and not s.startswith(BESIDE)}

    def groups(self, part: str) -> list[dict[int, list[str]]]:
        """The sections of a part with their steps; sections that differ only in head or layer are one group."""
        order = {name: i for i, name in enumerate(self.tape.steps)}
        groups: dict[tuple[str, ...], dict[int, list[str]]] = {}
        for section in self.sections:
            steps = sorted(self.computed(section), key=order.__getitem__)
            if steps and self.home(section) == part:
                groups.setdefault(tuple(dict.fromkeys(map(self.stem, steps))), {})[section.number] = steps
        return sorted(groups.values(), key=min)

    def stem(self, step: str) -> str:
        """A step's name without its layer and its head."""
        return self.tape.steps[step].stem

    def inside(self, part: str) -> tuple[Node, ...]:
        """The nodes of a part: first the matrices that it reads from other parts, then one node for each group. What
        would be called alike is called by the titles of its sections.
        """
        groups = self.groups(part)
        place: dict[str, int] = {}
        for i, group in enumerate(groups):
            for step in (step for steps in group.values() for step in steps):
                place.setdefault(step, i)
        reads = [[r for steps in group.values() for r in self.read(steps, part, place)] for group in groups]
        given: dict[str, str] = {}
        for step in (r for inputs in reads for r in inputs if isinstance(r, str)):
            given.setdefault(self.stem(step), step)
        first = {stem: i for i, stem in enumerate(given)}
        outside = (self.tape.steps[name] for name in given.values())
        sources = [Node((), self.symbol(step.name), self.plain(step), self.size(step), ()) for step in outside]
        nodes = []
        for i, (group, inputs) in enumerate(zip(groups, reads, strict=True)):
            earlier = [first[self.stem(r)] if isinstance(r, str) else r + len(first) for r in inputs]
            nodes.append(self.node(group, tuple(dict.fromkeys(r for r in earlier if r < i + len(first)))))
        called = Counter(node.word for node in nodes)
        return (*sources, *(
            replace(node, word=self.title(min(node.sections))) if node.word and called[node.word] > 1 else node
            for node in nodes
        ))  # fmt: skip

    def title(self, number: int) -> str:
        """The title of the section with this number."""
        return next(s.title for s in self.sections if s.number == number)

    def read(self, steps: Sequence[str], part: str, place: dict[str, int]) -> Iterator[int | str]:
        """What steps read: groups of the part, by index; steps that are given, printed or of other parts, by name.

        Parameters are left out. A step that no section computes stands for what it reads.
        """
        computing = (section for section in self.sections if not any(constructions(section)))
        panels = (panel for section in computing for block in section.blocks for panel in block.matrices)
        printed = {panel.step for panel in panels if panel.role not in ("ask", "copy")}
        waiting, seen = list(steps), set[str]()
        while waiting:
            for name in self.tape.steps[waiting.pop(0)].inputs:
                if name in seen or name in steps:
                    continue
                seen.add(name)
                if name in place:
                    yield place[name]
                elif is_learned(self.tape.steps[name]):
                    continue
                elif self.tape.steps[name].op is None or name in printed or self.part(name) != part:
                    yield name
                else:
                    waiting.append(name)

    def node(self, group: dict[int, list[str]], reads: tuple[int, ...]) -> Node:
        """The node of a group of sections."""
        number, steps = next(iter(group.items()))
        computed = [self.tape.steps[s] for s in steps]
        words = self.words(computed)
        symbols = [*map(self.symbol, steps)]
        if len(steps) > 3 or any("text" in x or "sqrt" in x for x in symbols) or all(words):
            word = ", ".join(dict.fromkeys(words)) if all(words) and len(words) < 3 else self.title(number)
        else:
            word = ""
        size = self.size(computed[-1]) if word or len({step.shape for step in computed}) == 1 else ""
        return Node(tuple(sorted(group)), ", ".join(dict.fromkeys(symbols)), word, size, reads)

    def words(self, steps: Sequence[Step]) -> list[str]:
        """The words for steps whose symbols say little; "" for others. A softmax has one word, and its powers and
        sums have none; a division without powers has none either.
        """
        names = [step.stem.rpartition(".")[2] for step in steps]
        ops = ["" if step.op is None or is_gradient(step.name) else step.op.name for step in steps]
        texts = self.messages.texts
        keys = [name if f"map.steps.{name}" in texts else op for name, op in zip(names, ops, strict=True)]
        parts = ("power_of", "row_sum") if "normalize_rows" in keys else ()
        powers = [any(self.is_power(read) for read in step.inputs) for step in steps]
        keys = [
            "" if name == "normalize_rows" and not of_powers else name
            for name, of_powers in zip(keys, powers, strict=True)
        ]
        return [texts.get(f"map.steps.{name}", "") for name in keys if name not in parts]

    def is_power(self, name: str) -> bool:
        """Whether a step raises a base to a power."""
        op = self.tape.steps[name].op
        return op is not None and op.name == "power_of"

    def size(self, step: Step) -> str:
        """The shape of a step as the page shows it; of one feature map, that of all maps beside each other."""
        kernels = sum(other.stem == step.stem for other in self.tape.steps.values())
        shape = (step.shape[0], step.shape[1] * (kernels if step.stem.endswith(".map") else 1))
        return shape_text(shape if self.orientation == "rows" else shape[::-1])

    def shape(self, width: int, length: int = 0) -> str:
        """The shape of a matrix of this width at every position, or of another length; "" for a model that only
        counts.
        """
        if self.model.counts:
            return ""
        shape = length or self.positions, width
        return shape_text(shape if self.orientation == "rows" else shape[::-1])

    def symbol(self, name: str) -> str:
        """The symbol of a step, in LaTeX."""
        return symbol(name, of_sheet=self.symbols, transposed=self.orientation == "columns")

    def plain(self, step: Step) -> str:
        """A word for a step that has no symbol."""
        return step.stem.rpartition(".")[2].removeprefix("hook_") if "text" in self.symbol(step.name) else ""
