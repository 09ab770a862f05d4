"""The steps of each model, written down a second time from the papers: for each step, its rule and what it reads.

A step that has none here, as of a model from elsewhere, is judged by the wiring that its run recorded: such a run is
only consistent with itself (`unwired`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from inspect import signature
from typing import Any

from msgspec import Struct, field

from byhand.errors import WitnessError
from byhand.witness.named import HEAD, PART, Gradient, gradient_of, gradients
from byhand.witness.recorded import Recorded, Step, computed_steps
from byhand.witness.rules import RULES

HELPER = re.compile(
    rf"(?P<of>.+)\.(?P<kind>dot|grad_mean|grad_along|grad\.one_hot|grad\.subtract)(?P<part>{PART}){HEAD}"
)
PARAMETER = re.compile(r"\.([Wb]_\w+|[wb]|E|F|r_[wr]_bias|rel_pos_\w+)(\[\d+\])?$")  # the end of its name


class Wire(Struct, frozen=True):
    """How a step is computed."""

    rule: str
    """The name of its rule."""
    inputs: tuple[str, ...]
    """The names of the steps that it reads."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of the rule."""

    def __hash__(self) -> int:
        return hash((self.rule, self.inputs))  # parameters may hold lists


class Wiring(Struct):
    """A model's wiring in the making.

    A call adds a step, and a method the steps of a layer. Both return the name of the step that holds the result.
    """

    config: Mapping[str, Any]
    """The config as run.json has it."""
    given: Collection[str]
    """The names of the givens."""
    ids: tuple[int, ...] = ()
    """The tokens as rows of W_E."""
    shapes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The shapes of those steps of the run whose operands do not tell it."""
    tokens: tuple[str, ...] = ()
    """The words of the run; likewise its source and its vocabulary."""
    source: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    target: tuple[int, ...] = ()
    """The right words, by their numbers."""
    wires: dict[str, Wire] = field(default_factory=dict)
    """The steps so far."""

    def __call__(self, name: str, rule: str, *inputs: str, **params: Any) -> str:
        self.wires[name] = Wire(rule, tuple(map(self.shared, inputs)), params)
        return name

    def shared(self, name: str) -> str:
        """The name of what is read: of a parameter, that of the first layer if all layers share theirs."""
        if not self.config.get("share_layers") or name in self.wires or not PARAMETER.search(name):
            return name
        return re.sub(r"\.\d+\.", ".0.", name, count=1)

    def number(self, option: str, otherwise: str) -> Fraction:
        """An option of the config as an exact number."""
        return Fraction(str(self.config.get(option, otherwise)))

    def has(self, name: str) -> bool:
        """Whether a parameter is given."""
        return self.shared(name) in self.given

    def linear(self, name: str, x: str, weight: str, bias: str) -> str:
        """x W, or x W + b."""
        return self(name, "affine", x, weight, bias) if self.has(bias) else self(name, "matmul", x, weight)

    def softmax(self, name: str, scores: str, head: str = "", base: Any = None) -> str:
        """The powers, the sums of their rows, and each power over its sum. base: if not that of the config."""
        powers = self(f"{name}.exp{head}", "power_of", scores, base=base or self.config["softmax_base"])
        return self(name + head, "normalize_rows", powers, self(f"{name}.sum{head}", "row_sum", powers))

    def read(self, q: str, k: str, v: str, at: str, head: str = "") -> str:
        """softmax(q Kᵀ / √d) V, for the query of one word."""
        return self.read_by(self(f"{at}.scores{head}", "dot_rows", q, k), v, at, head)

    def read_by(self, scores: str, v: str, at: str, head: str = "") -> str:
        """softmax(s / √d) V, for the scores of one word."""
        if self.config["use_attn_scale"]:
            scores = self(f"{at}.scores_scaled{head}", "divide_by_root", scores, of=self.config["d_head"])
        return self(f"{at}.z{head}", "matmul", self.softmax(f"{at}.pattern", scores, head), v)

    def read_last(self, q: str, k: str, v: str, at: str, layer: str, h: int, head: str = "") -> str:
        """The same for the last word of a layer's head, whose scores have a bias, a mask and a window as there."""
        c, last = self.config, {"rows": [self.shapes[k][0] - 1]}
        scores = self(f"{at}.scores{head}", "dot_rows", q, k)
        if c["use_attn_scale"]:
            scores = self(f"{at}.scores_scaled{head}", "divide_by_root", scores, of=c["d_head"])
        if c["positional_embedding_type"] in ("alibi", "relative_positional_bias"):
            bias = self.bias(layer, h, c["attention_dir"] == "causal")
            bias = self(f"{at}.bias{head}", "gather_rows", bias, **last)
            scores = self(f"{at}.scores_biased{head}", "add", scores, bias)
        if f"{layer}.mask" in self.given:
            mask = self(f"{at}.mask{head}", "gather_rows", f"{layer}.mask", **last)
            scores = self(f"{at}.scores_visible{head}", "add", scores, mask)
        if self.is_local(layer):
            hidden = {"pattern": c.get("attn_pattern", "window"), "width": c["window_size"]}
            scores = self(f"{at}.scores_local{head}", "mask_pattern", scores, first=last["rows"][0], **hidden)
        return self(f"{at}.z{head}", "matmul", self.softmax(f"{at}.pattern", scores, head), v)

    def norm(self, x: str, at: str, name: str = "hook_normalized") -> str:
        """LayerNorm (Ba, Kiros & Hinton 2016), RMSNorm (Zhang & Sennrich 2019), or nothing."""
        kind, result = self.config["normalization_type"], name if "." in name else f"{at}.{name}"
        if kind is None:
            return x
        if self.config.get("normalized_shape"):
            return self.norm_of_all(x, at, result, kind)
        if kind == "LN":
            x = self(f"{at}.centered", "center", x, self(f"{at}.mean", "row_mean", x))
        rule = "sample_variance" if kind == "LN" and self.config["correction"] else "mean_square"
        square = self(f"{at}.variance" if kind == "LN" else f"{at}.mean_square", rule, x)
        return self.stretched(result, "standardize", x, at, square)

    def norm_of_all(self, x: str, at: str, result: str, kind: str = "LN") -> str:
        """The same of all numbers together, as PyTorch's LayerNorm does where normalized_shape has two sizes."""
        if kind == "LN":
            mean = self(f"{at}.mean", "column_mean", self(f"{at}.row_mean", "row_mean", x))
            x = self(f"{at}.centered", "center_all", x, mean)
        rows = self(f"{at}.row_square", "mean_square", x)
        square = self(f"{at}.variance" if kind == "LN" else f"{at}.mean_square", "column_mean", rows)
        scale = self(f"{at}.hook_scale", "root", square, eps=self.config["eps"])
        if not any(map(self.has, (f"{at}.w", f"{at}.b"))):
            return self(result, "standardize_all", x, scale)
        unit = self(f"{at}.standardized", "standardize_all", x, scale)
        return self(result, "add", self(f"{at}.scaled", "multiply", unit, f"{at}.w"), f"{at}.b")

    def batch_norm(self, x: str, at: str) -> str:
        """The normalisation of each column (Ioffe & Szegedy 2015, algorithm 1)."""
        x = self(f"{at}.centered", "center_columns", x, self(f"{at}.mean", "column_mean", x))
        square = self(f"{at}.variance", "column_mean_square", x)
        return self.stretched(f"{at}.hook_normalized", "normalize_columns", x, at, square)

    def stretched(self, name: str, divide: str, x: str, at: str, square: str) -> str:
        """Centred numbers over their deviation, the root of their mean square; then times w plus b, if they are
        given.
        """
        scale = self(f"{at}.hook_scale", "root", square, eps=self.config["eps"])
        if not any(map(self.has, (f"{at}.w", f"{at}.b"))):
            return self(name, divide, x, scale)
        unit = self(f"{at}.standardized", divide, x, scale)
        return self(name, "scale_and_shift", unit, f"{at}.w", f"{at}.b")

    def head(self, x: str, at: str, h: int, memory: str = "") -> str:
        """softmax(Q Kᵀ / √d) V (Vaswani et al. 2017, section 3.2.1)."""
        c, head = self.config, f"[{h}]"
        in_group = c["n_heads"] // (c.get("n_key_value_heads") or c["n_heads"])
        group = f"[{h // in_group}]"  # of heads that share keys and values (Ainslie et al. 2023)
        remembers = not memory and c.get("mem_len", 0) > 0
        source = self(f"{at}.seen", "vstack", f"{at}.mem", x) if remembers else memory or x
        latent = not memory and c.get("kv_lora_rank", 0) > 0

        def project(letter: str, of: str, suffix: str) -> str:
            name = f"{at}.hook_{letter.lower()}{suffix}"
            return self.linear(name, of, f"{at}.W_{letter}{suffix}", f"{at}.b_{letter}{suffix}")

        q = project("Q", x, head)
        if latent:
            k, v = self.from_latent(source, at, head)
        else:
            hashed = not memory and c.get("num_buckets", 0) > 0
            k = self(f"{at}.hook_k{head}", "unit_rows", q) if hashed else project("K", source, group)
            v = project("V", source, group)
        if latent and c["positional_embedding_type"] == "rotary":
            q = self.turned(q, f"{at}.hook_rot_q{head}")
        elif c["positional_embedding_type"] == "rotary" and not memory:
            q, k = self.turned(q, f"{at}.hook_rot_q{head}"), self.turned(k, f"{at}.hook_rot_k{group}")
        if not memory and c.get("linformer_k"):  # Wang et al. 2020, equation 7
            k = self(f"{at}.keys_short{group}", "matmul", f"{at}.E", k)
            v = self(f"{at}.values_short{group}", "matmul", f"{at}.F", v)
        causal = not memory and (at.startswith("decoder.") or c["attention_dir"] == "causal")
        causal = causal and not at.startswith("encoder.")
        if c.get("attention_kernel"):
            return self(f"{at}.hook_z{head}", "matmul", self.linear_shares(q, k, at, head, group, causal), v)
        asking, answers = "dot_rows", k
        if not memory and c["positional_embedding_type"] == "relative":
            q, answers = self.relative_scores(q, k, at, head)
            asking = "add"
        ways: list[tuple[str, str, tuple[str, ...], dict[str, Any]]] = [("scores_raw", asking, (answers,), {})]
        if c["use_attn_scale"]:
            ways.append(("scores_scaled", "divide_by_root", (), {"of": c["d_head"]}))
        if not memory and c["positional_embedding_type"] in ("alibi", "relative_positional_bias"):
            ways.append(("scores_biased", "add", (self.bias(at, h, causal),), {}))
        if f"{at}.mask" in self.given:
            ways.append(("scores_visible", "add", (f"{at}.mask",), {}))
        if not memory and c.get("num_buckets"):
            bucket = self.bucket(q, at, head)
            ways.append(("scores_hashed", "mask_buckets", (bucket, bucket), {"causal": causal}))
        if not memory and self.is_local(at):
            hidden = {"pattern": c.get("attn_pattern", "window"), "width": c["window_size"]}
            ways.append(("scores_local", "mask_pattern", (), hidden))
        if causal:
            ways.append(("hook_attn_scores", "mask_future", (), {"past": c["mem_len"]} if remembers else {}))
        ways[-1] = ("hook_attn_scores", *ways[-1][1:])  # the last of them is what softmax reads
        scores = q
        for name, rule, others, params in ways:
            if rule == "mask_future" and c.get("before_mask"):
                pattern = self.softmax(f"{at}.unmasked_pattern", scores, head)
                self(f"{at}.unmasked_z{head}", "matmul", pattern, v)
            scores = self(f"{at}.{name}{head}", rule, scores, *others, **params)
        return self(f"{at}.hook_z{head}", "matmul", self.softmax(f"{at}.hook_pattern", scores, head), v)

    def bucket(self, q: str, at: str, head: str) -> str:
        """argmax [qR; −qR] (Kitaev, Kaiser & Levskaya 2020, section 2)."""
        return self.bucket_by(q, f"{at}.W_R{head}", at, head)

    def bucket_by(self, q: str, directions: str, at: str, head: str = "") -> str:
        """argmax [qR; −qR] of every row q, for given directions R."""
        along = self(f"{at}.hash_along{head}", "matmul", q, directions)
        against = self(f"{at}.hash_against{head}", "times_number", along, by=-1)
        return self(f"{at}.bucket{head}", "row_argmax", self(f"{at}.hash{head}", "hstack", along, against))

    def relative_scores(self, q: str, k: str, at: str, head: str) -> tuple[str, str]:
        """What a score has of the content, and of the distance (Shaw et al. 2018, equation 4; or Dai et al. 2019,
        section 3.3, with its terms (a) and (c), and (b) and (d), taken together).
        """
        reach = self.config.get("max_relative_position", 0)
        if reach:
            rows, asking = f"{at}.rel_pos_keys", (q, q)
            start, name = reach, f"{at}.scores_relative{head}"
        else:
            count, name = self.shapes[k][0], f"{at.partition('.')[0]}.distances"
            near = self.waves(f"{name}.near", count)
            far = self(name, "gather_rows", near, rows=[count - 1 - n for n in range(count)])
            rows = self(f"{at}.rel_pos_keys{head}", "matmul", far, f"{at}.W_KR{head}")
            asking = (
                self(f"{at}.q_content{head}", "shift", q, f"{at}.r_w_bias{head}"),
                self(f"{at}.q_position{head}", "shift", q, f"{at}.r_r_bias{head}"),
            )
            start, name = self.shapes[q][0] - 1, f"{at}.scores_position{head}"
        by_distance = self(f"{at}.scores_by_distance{head}", "dot_rows", asking[1], rows)
        content = self(f"{at}.scores_content{head}", "dot_rows", asking[0], k)
        return content, self(name, "pick_by_distance", by_distance, shape=self.shapes[name], start=start)

    def from_latent(self, x: str, at: str, head: str) -> tuple[str, str]:
        """Keys and values as products of a latent (DeepSeek-AI 2024, equations 9 to 11 and 14 to 17)."""
        latent = self(f"{at}.latent", "matmul", x, f"{at}.W_DKV")
        values = self(f"{at}.hook_v{head}", "matmul", latent, f"{at}.W_UV{head}")
        if self.config["positional_embedding_type"] != "rotary":
            return self(f"{at}.hook_k{head}", "matmul", latent, f"{at}.W_UK{head}"), values
        made = self(f"{at}.k_content{head}", "matmul", latent, f"{at}.W_UK{head}")
        shared = self.turned(self(f"{at}.k_position", "matmul", x, f"{at}.W_KR[0]"), f"{at}.hook_rot_k[0]")
        return self(f"{at}.hook_k{head}", "hstack", shared, made), values

    def linear_shares(self, q: str, k: str, at: str, head: str, group: str, causal: bool) -> str:
        """φ(q) φ(k) over its sum for all k that q sees, with φ = elu + 1 (Katharopoulos et al. 2020, equation 9)."""
        base, last = self.config["softmax_base"], f"{at}.hook_attn_scores{head}"
        rows = (
            self(f"{at}.phi_{letter}{suffix}", "elu_plus_one", x, base=base)
            for letter, x, suffix in (("q", q, head), ("k", k, group))
        )
        scores = self(f"{at}.scores_raw{head}" if causal else last, "dot_rows", *rows)
        scores = self(last, "zero_future", scores) if causal else scores
        total = self(f"{at}.norm{head}", "row_sum", scores)
        return self(f"{at}.hook_pattern{head}", "normalize_rows", scores, total)

    def is_local(self, at: str) -> bool:
        """Whether a layer's tokens see only some of the others."""
        kinds = self.config.get("attn_types") or ()
        return self.config.get("use_local_attn", False) and (not kinds or kinds[int(at.split(".")[1])] == "local")

    def bias(self, at: str, h: int, causal: bool) -> str:
        """What is added to a head's scores: a slope times the distance (Press et al. 2021), or the number of the
        distance's bucket (Raffel et al. 2020), by the first layer's table.
        """
        c, name = self.config, f"{at}.bias[{h}]"
        if c["positional_embedding_type"] == "alibi":
            return self(name, "falling", shape=self.shapes[name], slope=self.slope(h))
        stack, _, rest = at.split(".", 2)
        return self(name, "bucket_biases", f"{stack}.0.{rest}.rel_pos_bias[{h}]", shape=self.shapes[name],
                    buckets=c.get("relative_attention_num_buckets", 32),
                    furthest=c.get("relative_attention_max_distance", 128), both_ways=not causal)  # fmt: skip

    def slope(self, h: int) -> Any:
        """A head's slope: a geometric sequence from 2^(−8/n); between powers of two, as in the authors' code."""
        given, n = self.config.get("alibi_slopes"), self.config["n_heads"]
        if given:
            return given[h]
        power = 2 ** math.floor(math.log2(n))
        exponent = 8 * (h + 1) / power if h < power else 8 * (2 * (h - power) + 1) / (2 * power)
        return Fraction(str(0.5**exponent)) if exponent % 1 else Fraction(1, 2 ** int(exponent))

    def turned(self, x: str, name: str, pairs: int = 0, start: int = 0) -> str:
        """Rows turned by their positions, of which the first is `start` (Su et al. 2021); only the first pairs, if as
        many are given.
        """
        c = self.config
        periods = list(c.get("rotary_periods", ()))[: pairs or None]
        angles = {"periods": periods} if periods else {"base": c.get("rotary_base", 10000)}
        width = c.get("qk_rope_head_dim") or c.get("rotary_dim") or c["d_head"]
        adjacent = c.get("rotary_adjacent_pairs", False)
        angles |= {"start": start} if start else {}
        return self(name, "rotate", x, width=2 * pairs or width, adjacent=adjacent, **angles)

    def attention(self, x: str, at: str, out: str, memory: str = "") -> str:
        """What all heads read, times W_O."""
        return self.output([self.head(x, at, h, memory) for h in range(self.config["n_heads"])], at, out)

    def output(self, heads: list[str], at: str, out: str) -> str:
        """The heads side by side, times W_O; with use_attn_result, each head times its part of W_O, and their sum."""
        if not self.config["use_attn_result"]:
            return self.linear(out, self(f"{at}.z", "hstack", *heads), f"{at}.W_O", f"{at}.b_O")
        parts = [self(f"{at}.hook_result[{h}]", "matmul", z, f"{at}.W_O[{h}]") for h, z in enumerate(heads)]
        if not self.has(f"{at}.b_O"):
            return self(out, "add_all", *parts)
        self(f"{at}.b_O.rows", "gather_rows", f"{at}.b_O", rows=[0] * self.shapes[heads[0]][0])
        return self(out, "add", self(f"{at}.result", "add_all", *parts), f"{at}.b_O.rows")

    def experts(self, x: str, at: str, out: str) -> str:
        """Σ G(x) E(x) over the experts E with the largest shares G (Shazeer et al. 2017; Jiang et al. 2024)."""
        return self.mixed(x, self.routed(x, at), at, out)

    def routed(self, x: str, at: str) -> str:
        """G(x): the largest shares, divided by their sum."""
        shares = self.softmax(f"{at}.router_probs", self(f"{at}.router", "matmul", x, f"{at}.W_gate"))
        return self.top(shares, f"{at}.router_kept", f"{at}.hook_expert_weights", self.config["experts_per_token"])

    def top(self, shares: str, kept: str, name: str, count: int) -> str:
        """The largest of each row over their sum, and 0 for the others."""
        self(kept, "keep_largest", shares, count=count)
        return self(name, "normalize_rows", kept, self(f"{kept}.sum", "row_sum", kept))

    def mixed(self, x: str, weights: str, at: str, out: str) -> str:
        """Σ G E(x), for each row the sum over all experts."""
        parts = []
        for e in range(self.config["num_experts"]):
            output = self.network(x, f"{at}.experts.{e}", f"{at}.experts.{e}.out")
            parts.append(self(f"{at}.experts.{e}.share", "share_rows", output, weights, which=e))
        return self(out, "add_all", *parts)

    def mlp(self, x: str, at: str, out: str) -> str:
        """A feed-forward network, or several with a router."""
        return (self.experts if self.config.get("num_experts") else self.network)(x, at, out)

    def network(self, x: str, at: str, out: str) -> str:
        """max(0, x W + b) W + b, or GELU or SiLU in place of the maximum; or (SiLU(x V) ⊙ x W) W (Shazeer 2020)."""
        if not self.config.get("gated_mlp"):
            pre = self.linear(f"{at}.hook_pre", x, f"{at}.W_in", f"{at}.b_in")
            post = self.activation(f"{at}.hook_post", pre)
        else:
            has_bias = self.has(f"{at}.b_in")
            gate = self.activation(f"{at}.gate", self(f"{at}.hook_pre", "matmul", x, f"{at}.W_gate"))
            units = self(f"{at}.hook_pre_linear", "matmul", x, f"{at}.W_in")
            post = self(f"{at}.gated" if has_bias else f"{at}.hook_post", "multiply", gate, units)
            post = self(f"{at}.hook_post", "shift", post, f"{at}.b_in") if has_bias else post
        return self.linear(out, post, f"{at}.W_out", f"{at}.b_out")

    def activation(self, name: str, x: str) -> str:
        """The activation function, entry by entry."""
        op = {"silu": "swish"}.get(kind := self.config["act_fn"], kind)
        has_base = "base" in signature(RULES[op]).parameters
        return self(name, op, x, **({"base": self.config["softmax_base"]} if has_base else {}))

    def block(self, x: str, at: str) -> str:
        """x + f(norm(x)) for attention, then for the feed-forward network; or norm(x + f(x)), norms after sums."""
        c, post = self.config, self.config["norm_position"] == "post"
        source = x if post else self.norm(x, f"{at}.ln1")
        ends_here = c["attn_only"] and not post
        middle = f"{at}.hook_resid_post" if ends_here else f"{at}.hook_resid_mid"
        x = self(middle, "add", x, self.attention(source, f"{at}.attn", f"{at}.hook_attn_out"))
        if post:
            x = self.norm(x, f"{at}.ln1")
        if c["attn_only"]:
            return x
        source = x if post else self.norm(x, f"{at}.ln2")
        x = self(f"{at}.hook_resid_post", "add", x, self.mlp(source, f"{at}.mlp", f"{at}.hook_mlp_out"))
        return self.norm(x, f"{at}.ln2", f"{at}.hook_normalized_resid_post") if post else x

    def decoder_block(self, x: str, at: str, memory: str) -> str:
        """Self-attention, attention to the encoder's result, and feed-forward, each added to the stream (section
        3.1).
        """
        post = self.config["norm_position"] == "post"
        parts: list[tuple[str, Callable[[str], str]]] = [
            ("hook_resid_mid", lambda x: self.attention(x, f"{at}.attn", f"{at}.hook_attn_out")),
            ("hook_resid_mid_cross",
             lambda x: self.attention(x, f"{at}.cross_attn", f"{at}.hook_cross_attn_out", memory)),
            ("hook_resid_post", lambda x: self.mlp(x, f"{at}.mlp", f"{at}.hook_mlp_out")),
        ]  # fmt: skip
        for i, (name, part) in enumerate(parts, 1):
            norm = f"{at}.ln{i}"
            x = self(f"{at}.{name}", "add", x, part(x if post else self.norm(x, norm)))
            if post:
                x = self.norm(x, norm, f"{at}.hook_normalized_resid_post" if i == 3 else "hook_normalized")
        return x

    def stack(self, x: str, name: str, layer: Callable[[str, str], str]) -> str:
        """Layers one after the other; the rows that one of them reads may be given."""
        for i in range(self.config["n_layers"]):
            start = f"{name}.{i}.hook_resid_pre"
            x = layer(start if start in self.given else x, f"{name}.{i}")
        return x

    def embedding(self) -> str:
        """The tokens' rows of W_E, plus their positions."""
        kind, result = self.config["positional_embedding_type"], "blocks.0.hook_resid_pre"
        if kind not in ("standard", "sinusoidal"):
            return self(result, "gather_rows", "embed.W_E", rows=self.ids)
        words = self("hook_embed", "gather_rows", "embed.W_E", rows=self.ids)
        if kind == "sinusoidal":
            places = self.waves("hook_pos_embed", len(self.ids))
        else:
            places = self("hook_pos_embed", "gather_rows", "pos_embed.W_pos", rows=range(len(self.ids)))
        return self(result, "add", words, places)

    def waves(self, name: str, count: int) -> str:
        """Sines and cosines for as many positions (Vaswani et al. 2017, section 3.5)."""
        c, periods = self.config, self.config["sinusoidal_periods"]
        return self(name, "sinusoid", shape=(count, c["d_model"]), width=c["d_model"], periods=periods,
                    places=c["sinusoidal_places"] if periods else 0)  # fmt: skip

    def logits(self, x: str) -> str:
        """x W, or x Eᵀ if the embedding is used again (Press & Wolf 2017); plus b."""
        if not self.config["tie_word_embeddings"]:
            return self.linear("logits", x, "unembed.W_U", "unembed.b_U")
        if "unembed.b_U" in self.given:
            return self("logits", "affine_rows", x, "embed.W_E", "unembed.b_U")
        return self("logits", "dot_rows", x, "embed.W_E")

    def loss(self, logits: str) -> str:
        """The mean of −log p over the words that follow."""
        return self.surprise(self.softmax("probs", logits))

    def surprise(self, probs: str) -> str:
        """The same of probabilities, a row for each word that one follows."""
        return self.surprise_at(probs, self.ids[1:])

    def surprise_at_target(self) -> str:
        """The same of the right words that are given: of the last row, if there is one; else of all."""
        rows = self.shapes["probs"][0]
        alone = len(self.target) < rows
        return self.surprise_at(
            self("probs.known", "gather_rows", "probs", rows=[rows - 1]) if alone else "probs", self.target
        )

    def surprise_at(self, probs: str, words: Sequence[int]) -> str:
        """The mean of −log p over one word of each row."""
        right = self("probs.right", "gather_entries", probs, cols=words)
        each = self("loss_per_token", "surprisal", right, base=self.config["softmax_base"])
        return self("loss", "column_mean", each)

    def helper(self, name: str) -> None:
        """A step on the way to a gradient, if its name says so: p − y, also over the number of rows; Σ A · A.grad
        of each row of a pattern A; or of a norm the means of g and of g · N, if g has arrived at its unit rows N.
        """
        match = HELPER.fullmatch(name)
        if not match:
            return
        step, part = match["of"] + (match["head"] or ""), match["part"]
        if match["kind"].startswith("grad."):
            picked = self.wires.get("probs.right")
            if picked and step == "logits":
                right = self("logits.grad.one_hot", "one_hot", rows=picked.params["cols"], shape=self.shapes[name])
                missed = self("logits.grad.subtract", "subtract", *picked.inputs, right)
                self("logits.grad.divide_by", "divide_by", missed, of=len(picked.params["cols"]))
        elif match["kind"] == "dot":
            self(name, "row_dots", step, gradient_of(step, part))
        elif scaled := [unit for unit, wire in self.wires.items() if f"{step}.hook_scale" in wire.inputs]:
            (square,) = self.wires[f"{step}.hook_scale"].inputs
            less = {"less": 1} if self.wires[square].rule == "sample_variance" else {}
            arrived = gradient_of(scaled[0], part)
            if match["kind"] == "grad_mean":
                self(name, "row_mean", arrived)
            else:
                self(name, "mean_product", arrived, scaled[0], **less)

    def spoken(self, x: str) -> str:
        """Logits, their probabilities, the next token."""
        logits = self.logits(x)
        self.softmax("probs", logits)
        return self("next_token", "row_argmax", logits)

    def entering(self, *names: str) -> str:
        """The first of these names that is given: what a model reads may have several names."""
        return next((name for name in names if name in self.given), names[0])


STREAM, MIDDLE = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"
ATTN_OUT = "blocks.0.hook_attn_out"
ENCODER, DECODER = "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre"
Wires = Callable[[Wiring], None]
WIRINGS: dict[str, Wires] = {}


def wiring(model: str) -> Callable[[Wires], Wires]:
    """Register a function as the wiring of a model."""

    def register(wire: Wires) -> Wires:
        WIRINGS[model] = wire
        return wire

    return register


@wiring("attention-head")
def _attention_head(w: Wiring) -> None:
    w.head(STREAM, "blocks.0.attn", 0)


@wiring("multi-head-attention")
def _multi_head_attention(w: Wiring) -> None:
    w.attention(STREAM, "blocks.0.attn", ATTN_OUT)


@wiring("cross-attention")
def _cross_attention(w: Wiring) -> None:
    w.attention(DECODER, "decoder.0.cross_attn", "decoder.0.hook_cross_attn_out", memory=ENCODER)


@wiring("layer-norm")
def _layer_norm(w: Wiring) -> None:
    """The norm of the stream, or of its sum with what is given beside it."""
    w.norm(w(MIDDLE, "add", STREAM, ATTN_OUT) if ATTN_OUT in w.given else STREAM, "blocks.0.ln1")


@wiring("batch-norm")
def _batch_norm(w: Wiring) -> None:
    w.batch_norm(STREAM, "blocks.0.bn")
    w.norm(STREAM, "blocks.0.ln1")
    w.norm_of_all(STREAM, "blocks.0.all.ln1", "blocks.0.all.ln1.hook_normalized")
    w("other.mean", "column_mean", "other.x")


@wiring("feed-forward")
def _feed_forward(w: Wiring) -> None:
    w.mlp(w.entering(MIDDLE, STREAM), "blocks.0.mlp", "blocks.0.hook_mlp_out")


@wiring("block")
def _block(w: Wiring) -> None:
    w.block(STREAM, "blocks.0")


@wiring("gpt")
def _gpt(w: Wiring) -> None:
    """Tokens to the next token."""
    x = w.stack(w.embedding(), "blocks", w.block)
    w.spoken(w.norm(x, "ln_final") if w.config["norm_position"] == "pre" else x)
    w.surprise(w("probs.known", "gather_rows", "probs", rows=range(len(w.ids) - 1)))


@wiring("encoder")
def _encoder(w: Wiring) -> None:
    w.stack(ENCODER, "encoder", w.block)


@wiring("encoder-decoder")
def _encoder_decoder(w: Wiring) -> None:
    """The whole of Vaswani et al. 2017, figure 1, between the embeddings and the logits."""
    memory = w.stack(ENCODER, "encoder", w.block)
    x = w.stack(DECODER, "decoder", lambda x, at: w.decoder_block(x, at, memory))
    if w.config["d_vocab"]:
        w.spoken(x)


def wires(run: Recorded) -> dict[str, Wire]:
    """The wires of a run's steps: those of its model's wiring here; for any other step, those that were recorded."""
    wired = _wired(run)
    return wired | {
        name: _recorded(run, name, step) for name, step in computed_steps(run).items() if name not in wired
    }


def unwired(run: Recorded) -> list[str]:
    """The computed steps for which a run's model has no wiring here, and which are no gradients of its loss."""
    wired = _wired(run)
    judged = {*wired, *(gradients_to_judge(run, wired) if run.loss else ())}
    return [name for name in computed_steps(run) if name not in judged]


def gradients_to_judge(run: Recorded, wired: Mapping[str, Wire]) -> dict[str, Gradient]:
    """The steps that are gradients, by their names. Where a step of the run reads what it does not read by these
    wires, the gradient of a step between may be another one, and only those of givens are judged.
    """
    found, steps = gradients(run), computed_steps(run)
    if all({*steps[name].inputs} <= {*wire.inputs} for name, wire in wired.items() if name in steps):
        return found
    return {name: gradient for name, gradient in found.items() if gradient.step not in steps and not gradient.reader}


def _wired(run: Recorded) -> dict[str, Wire]:
    """The wires of a model's wiring here, if it has one, and of the loss and the backward pass.

    Raises: WitnessError where the run lacks a step.
    """
    given = run.steps.keys() - computed_steps(run).keys()
    shapes = {name: step.shape for name, step in run.steps.items()}
    tokens, source, vocabulary = (tuple(words) for words in (run.tokens, run.source, run.vocabulary))
    ids, target = _ids(run, run.tokens), _ids(run, run.target)
    wiring = Wiring(run.config.as_dict(), given, ids, shapes, tokens, source, vocabulary, target)
    try:
        if run.model in WIRINGS:
            WIRINGS[run.model](wiring)
        if target:
            wiring.surprise_at_target()
        for name in computed_steps(run).keys() - wiring.wires if run.loss else ():
            wiring.helper(name)
    except KeyError as error:  # the shape of a step, or an option
        raise WitnessError(f"the run does not hold {error.args[0]}, which {run.model} has with its options") from None
    return wiring.wires


def _recorded(run: Recorded, name: str, step: Step) -> Wire:
    """A step's wire as its run recorded it. A rule whose operands do not tell the shape has it as a parameter."""
    sized = not step.inputs or step.op_name in ("bucket_biases", "pick_by_distance", "part", "add_rows")
    size = {"shape": step.shape} if sized else {}
    return Wire(step.op_name, tuple(step.inputs), {**run.params(name), **size})


def _ids(run: Recorded, tokens: Sequence[str]) -> tuple[int, ...]:
    """Tokens as rows of W_E."""
    words = run.vocabulary
    return tuple(words.index(t) if t in words else int(t) if t.isdigit() else 0 for t in tokens)
