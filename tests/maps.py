"""Maps for the tests: of sheets that ask for given steps, section by section."""

import io
import re
from functools import cache
from itertools import combinations, pairwise

from fontTools.ttLib import TTFont

from byhand.arithmetic.floats import FLOATS
from byhand.fonts import FACES
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values, complete
from byhand.worksheet.architecture import map_of
from byhand.worksheet.document import Answer, Document, Panel, Prose, Section, Strip
from byhand.worksheet.messages import messages

ATTN, BLOCK = "blocks.0.attn.", "blocks.0."
TOKENS = ("the", "cat", "sat")
VOCABULARY = ("the", "cat", "sat", "down", "on", "mat")
EMBEDDING = [("blocks.0.hook_resid_pre",)]
ATTENTION = [(f"{BLOCK}hook_attn_out",), (f"{BLOCK}hook_resid_mid",)]
ATTENTION_ONLY = {"n_layers": 2, "attn_only": True, "normalization_type": None, "use_attn_scale": False}
FEED_FORWARD = [(f"{BLOCK}mlp.hook_pre",), (f"{BLOCK}mlp.hook_post",), (f"{BLOCK}hook_mlp_out",)]


def panel(step, kind="ask"):
    return Panel(step, kind, (), (), (), ("token", "dim"), "X")


def two_layers():
    """The sections of two layers of attention, without norms: the pattern of the first, all of the second."""
    first = [(f"{ATTN}hook_pattern[0]",), (f"{BLOCK}hook_attn_out",), (f"{BLOCK}hook_resid_post",)]
    second = [tuple(step.replace("blocks.0", "blocks.1") for step in steps) for steps in (*head(), *first[1:])]
    return [*first, *second]


def section(number, steps, title="Step"):
    """A section that asks for steps; "=step" is printed; without steps it is a question."""
    panels = tuple(panel(s.removeprefix("="), "given" if s.startswith("=") else "ask") for s in steps)
    words = (Prose(()),) if steps else (Answer(2, ()),)
    return Section(number, title, words, (Strip(panels, ("",) * (len(panels) - 1)),) if panels else ())


def head(h=0):
    """The seven sections of one head."""
    names = [
        ("hook_q",),
        ("hook_k",),
        ("hook_v",),
        ("scores_raw",),
        ("scores_scaled", "hook_attn_scores"),
    ]
    names += [("hook_pattern.exp", "hook_pattern.sum", "hook_pattern"), ("hook_z",)]
    return [tuple(f"{ATTN}{name}[{h}]" for name in group) for group in names]


def norm(at, result=""):
    """The one section of a LayerNorm."""
    names = ("mean", "centered", "variance", "hook_scale")
    return [(*(f"{at}.{name}" for name in names), result or f"{at}.hook_normalized")]


def gpt(n_heads=2):
    """The sections of a whole model, pre-norm."""
    heads = [steps for h in range(n_heads) for steps in head(h)]
    last = [(f"{BLOCK}hook_resid_post",), *norm("ln_final"), ("logits",), ("next_token",)]
    return [*EMBEDDING, *norm("blocks.0.ln1"), *heads, *ATTENTION, *norm("blocks.0.ln2"), *FEED_FORWARD, *last]


def translation():
    """Sections of an encoder and a decoder, post-norm: some of each part."""
    own = [(f"encoder.0.attn.hook_{x}[0]",) for x in "qkv"]
    own += [("encoder.0.hook_attn_out",), ("encoder.0.hook_resid_mid",), ("encoder.0.ln1.hook_normalized",)]
    cross = [("decoder.0.cross_attn.hook_q[0]",), ("decoder.0.cross_attn.hook_k[0]",)]
    last = [("decoder.0.hook_resid_mid_cross",), ("decoder.0.hook_normalized_resid_post",), ("logits",)]
    return [*own, ("decoder.0.attn.hook_q[0]",), *cross, ("decoder.0.hook_cross_attn_out",), *last]


def map_for(model, steps, *, orientation="rows", titles=(), inputs=None, **config):
    """The map of a sheet with one section for each group of steps."""
    sizes = {"d_model": 4, "d_head": 4, "d_v": 4 if model == "sizing" else 2, "d_mlp": 6} | config
    vocabulary = VOCABULARY if model in ("gpt", "encoder-decoder", "embedding") else ()
    source = ("sat", "cat") if model in ("cross-attention", "encoder-decoder") else ()
    if source:
        inputs = {f"{stack}.0.hook_resid_pre": [[1, 2, 0, 1]] * n for stack, n in (("encoder", 2), ("decoder", 3))}
    values = complete(Values(Config.of(sizes), TOKENS, vocabulary, inputs or {}, {}, source))
    tape = MODELS[model].run(values, FLOATS, force=False)
    titles = titles or ("Step",) * len(steps)
    sections = [section(i, *pair) for i, pair in enumerate(zip(steps, titles, strict=True), 1)]
    return map_of(values.config, MODELS[model], tape, len(TOKENS), orientation, sections, messages())


def document_of(chart):
    """A document that has nothing but a map."""
    return Document("x", "X", 1, (), (), (), chart, (), "rows")


# a drawing, measured


def elements(root, tag):
    return root.iter(f"{{http://www.w3.org/2000/svg}}{tag}")


def words(text):
    return "".join(text.itertext())


@cache
def advances(family, weight):
    (face,) = (f for f in FACES if (f.family, f.weight, f.style == "italic") == (family, weight, "Italic" in family))
    font = TTFont(io.BytesIO(face.font))
    em, widths = font["head"].unitsPerEm, font["hmtx"]
    return {code: widths[glyph][0] / em for code, glyph in font.getBestCmap().items()}


def measured(text):
    """How wide a text really is, in the page's own fonts."""
    size, weight = float(text.get("font-size")), int(text.get("font-weight", 400))
    family = text.get("font-family", "'byhand Sans'")
    runs = [(text.text or "", family, size)]
    for part in text:
        look = part.get("font-family", family), float(part.get("font-size", size))
        runs += [(part.text or "", *look), (part.tail or "", family, size)]
    total = 0.0
    for letters, face, em in runs:
        widths = advances(face.split("'")[1], weight)
        total += sum(widths[ord(c)] for c in letters) * em
    return total


def area(element):
    """left, top, right, bottom of a box or of a text's letters."""
    x, y = float(element.get("x")), float(element.get("y"))
    if element.tag.endswith("rect"):
        return x, y, x + float(element.get("width")), y + float(element.get("height"))
    wide, size = measured(element), float(element.get("font-size"))
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")] * wide
    return left, y - 0.66 * size, left + wide, y


def apart(a, b):
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def within(a, b, margin=0.0):
    return b[0] + margin <= a[0] and b[1] + margin <= a[1] and a[2] <= b[2] - margin and a[3] <= b[3] - margin


def corners(line):
    """The corners of a line that begins with a point, and goes on to points (L), across (H) or down (V)."""
    x, y = 0.0, 0.0
    for way, numbers in re.findall(r"([LHV]?)([-\d. ]+)", line):
        read = [*map(float, numbers.split())]
        x, y = {"H": (*read, y), "V": (x, *read)}.get(way, read)
        yield x, y


def in_the_white(root):
    """Nothing on a map overlaps, and its lines run between boxes and texts."""
    boxes, texts = ([area(e) for e in elements(root, tag)] for tag in ("rect", "text"))
    _, _, width, height = map(float, root.get("viewBox").split())
    assert (width, height <= 46) == (118, True)
    assert all(within(one, (0, 0, width, height)) for one in boxes + texts)
    assert all(apart(a, b) for a, b in combinations(boxes, 2))
    assert all(apart(a, b) for a, b in combinations(texts, 2))
    for text in texts:
        assert all(apart(text, box) or within(text, box, 0.5) for box in boxes)
    (lines,) = (p.get("d") for p in elements(root, "path") if p.get("stroke-width") == "0.22")
    boxes = [(left + 0.1, top + 0.1, right - 0.1, bottom - 0.1) for left, top, right, bottom in boxes]
    for line in lines.split("M")[1:]:
        for (x, y), (u, v) in pairwise(corners(line)):
            assert x == u or y == v
            line = (min(x, u), min(y, v), max(x, u), max(y, v))
            assert all(apart(line, other) for other in texts + boxes)
