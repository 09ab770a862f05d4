"""Maps for the tests: of sheets that ask for given steps, section by section."""

from byhand.arithmetic.floats import FLOATS
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
FEED_FORWARD = [(f"{BLOCK}mlp.hook_pre",), (f"{BLOCK}mlp.hook_post",), (f"{BLOCK}hook_mlp_out",)]


def panel(step, kind="ask"):
    return Panel(step, kind, (), (), (), ("token", "dim"), "X")


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
    sizes = {"d_model": 4, "d_head": 4, "d_v": 2, "d_mlp": 6} | config
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
