"""The steps of each model, written down a second time from the papers: for each step, its rule and what it reads.

A step that has none here, as of a model from elsewhere, is judged by the wiring that its run recorded: such a run is
only consistent with itself (`unwired`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from byhand.errors import WitnessError
from byhand.witness.recorded import Recorded, Step, computed_steps

PARAMETER = re.compile(r"\.([Wb]_\w+|[wb]|E|F|r_[wr]_bias|rel_pos_\w+)(\[\d+\])?$")  # the end of its name


class Wire(Struct, frozen=True):
    """How a step is computed: the name of its rule, the names of the steps that it reads, the rule's parameters."""

    rule: str
    inputs: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.rule, self.inputs))  # parameters may hold lists


class Wiring(Struct):
    """A model's wiring in the making.

    config: as in run.json.
    given: the names of the givens.
    ids: the tokens as rows of W_E.
    shapes: of the run's steps, for those whose operands do not tell it.
    wires: the steps so far.

    A call adds a step, and a method the steps of a layer. Both return the name of the step that holds the result.
    """

    config: Mapping[str, Any]
    given: Collection[str]
    ids: tuple[int, ...] = ()
    shapes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    wires: dict[str, Wire] = field(default_factory=dict)

    def __call__(self, name: str, rule: str, *inputs: str, **params: Any) -> str:
        self.wires[name] = Wire(rule, tuple(map(self.shared, inputs)), params)
        return name

    def shared(self, name: str) -> str:
        """The name of what is read: of a parameter, that of the first layer if all layers share theirs."""
        if not self.config.get("share_layers") or name in self.wires or not PARAMETER.search(name):
            return name
        return re.sub(r"\.\d+\.", ".0.", name, count=1)

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
        if kind == "LN":
            x = self(f"{at}.centered", "center", x, self(f"{at}.mean", "row_mean", x))
        rule = "sample_variance" if kind == "LN" and self.config["correction"] else "mean_square"
        square = self(f"{at}.variance" if kind == "LN" else f"{at}.mean_square", rule, x)
        return self.stretched(result, "standardize", x, at, square)

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

        def project(letter: str, of: str, own: str) -> str:
            name = f"{at}.hook_{letter.lower()}{own}"
            return self.linear(name, of, f"{at}.W_{letter}{own}", f"{at}.b_{letter}{own}")

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
            self(f"{at}.phi_{letter}{own}", "elu_plus_one", x, base=base)
            for letter, x, own in (("q", q, head), ("k", k, group))
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
            found = self.network(x, f"{at}.experts.{e}", f"{at}.experts.{e}.out")
            parts.append(self(f"{at}.experts.{e}.share", "share_rows", found, weights, which=e))
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
        kind = self.config["act_fn"]
        return self(name, "swish", x, base=self.config["softmax_base"]) if kind == "silu" else self(name, kind, x)

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
        right = self("probs.right", "gather_entries", self.softmax("probs", logits), cols=self.ids[1:])
        each = self("loss_per_token", "surprisal", right, base=self.config["softmax_base"])
        return self("loss", "column_mean", each)

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


@wiring("dot-product")
def _dot_product(w: Wiring) -> None:
    w("elementwise", "multiply", "u", "v")
    w("dot", "row_dots", "u", "v")
    w("pq", "row_dots", "p", "q")
    w("rs", "row_dots", "r", "s")
    length = w("shadow.length", "root", w("shadow.square", "row_dots", "u2", "u2"))
    w("shadow", "normalize_columns", w("shadow.dot", "dot_rows", "v2", "u2"), length)


@wiring("matrix-product")
def _matrix_product(w: Wiring) -> None:
    w("AB", "matmul", "A", "B")
    w("BA", "matmul", "B", "A")
    w("other.AB", "matmul", "other.A", "other.B")


@wiring("linear-layer")
def _linear_layer(w: Wiring) -> None:
    w.linear("y", "x", "linear.W", "linear.b")
    w.linear("other.y", "x", "other.W", "other.b")
    w("count", "add_all", w("count.weights", "multiply", "d_model", "d_mlp"), "d_mlp")


@wiring("mlp")
def _mlp(w: Wiring) -> None:
    """The network; and two units that read the numbers from −2 to 3."""
    places = w("bend.start", "turns", shape=(6, 1), periods=(1,))
    x = w("bend.x", "plus_number", places, by=-2)
    post = w.activation("bend.post", w.linear("bend.pre", x, "bend.W_in", "bend.b_in"))
    w("bend.sum", "matmul", post, "bend.W_out")
    w.mlp(w.entering("x", MIDDLE, STREAM), "blocks.0.mlp", "blocks.0.hook_mlp_out")


@wiring("softmax")
def _softmax(w: Wiring) -> None:
    """The softmax, in another base, of scores that are all larger, and of doubled ones."""
    w.softmax("softmax", "scores")
    w.softmax("other_base.softmax", "scores", base=2 if w.config["softmax_base"] != 2 else 3)
    w.softmax("shifted.softmax", w("shifted", "plus_number", "scores", by=5))
    w.softmax("doubled.softmax", w("doubled", "times_number", "scores", by=2))


@wiring("transformer-by-hand")
def _transformer_by_hand(w: Wiring) -> None:
    mixed = w("blocks.0.attn.hook_z[0]", "matmul", "blocks.0.attn.hook_pattern[0]", STREAM)
    w.mlp(mixed, "blocks.0.mlp", "blocks.0.hook_mlp_out")


@wiring("embedding")
def _embedding(w: Wiring) -> None:
    """A row of the table for each word, and the same as a product."""
    hot = w("one_hot", "one_hot", shape=(len(w.ids), w.config["d_vocab"]), rows=w.ids)
    w("one_hot.product", "matmul", hot, "embed.W_E")
    for name, table in (("hook_embed", "embed.W_E"), ("other.embed", "other.W_E")):
        w(name, "gather_rows", table, rows=w.ids)


@wiring("positional-encoding")
def _positional_encoding(w: Wiring) -> None:
    """Sines and cosines, added to the words; and the turns that they are of."""
    count, periods = w.shapes["hook_pos_embed"][0], w.config["sinusoidal_periods"]
    w(STREAM, "add", "hook_embed", w.waves("hook_pos_embed", count))
    w("turns", "turns", shape=(count, len(periods)), periods=periods)


@wiring("convolution")
def _convolution(w: Wiring) -> None:
    """Kernels of width 1 (Lin et al. 2014), each a column of weights, as two layers; how many weights."""
    x, mlp = w.entering(MIDDLE, STREAM), "blocks.0.mlp"

    def layer(x: str, at: str, way: str, kernels: int, out: str) -> str:
        maps, bias = [], f"{mlp}.b_{way}"
        for j in range(kernels):
            kernel = w(f"{at}.kernel[{j}]", "column_as_row", f"{mlp}.W_{way}", which=j)
            maps.append(w(f"{at}.map[{j}]", "slide", x, kernel))
        if bias not in w.given:
            return w(out, "hstack", *maps)
        return w(out, "shift", w(f"{at}.maps", "hstack", *maps), bias)

    first, second, sizes = "blocks.0.conv_in", "blocks.0.conv_out", w.config
    post = w.activation(f"{first}.hook_post", layer(x, first, "in", sizes["d_mlp"], f"{first}.hook_pre"))
    layer(post, second, "out", sizes["d_model"], "blocks.0.hook_conv_out")
    w.network(x, mlp, "blocks.0.hook_mlp_out")
    for name, rows, kernels in (
        ("count", "d_model", "d_mlp"),
        ("count.wide", "channels", "d_mlp"),
        ("count.gpt2", "gpt2.channels", "gpt2.kernels"),
    ):
        w(name, "add_all", w(f"{name}.weights", "multiply", rows, kernels), kernels)


@wiring("perplexity")
def _perplexity(w: Wiring) -> None:
    """b^loss, where the loss is in base b; the logits once more by E; and those of a few arrows."""
    x = "ln_final.hook_normalized"
    w("perplexity", "power_of", w.loss(w.logits(x)), base=w.config["softmax_base"])
    w("tied_logits", "dot_rows", x, "embed.W_E")
    w.softmax("arrows.probs", w("arrows.logits", "dot_rows", "arrows.n", "arrows.words"))


@wiring("cross-entropy")
def _cross_entropy(w: Wiring) -> None:
    """The loss, and its gradient p − y."""
    w.loss("logits")
    right = w("one_hot", "one_hot", shape=w.shapes["logits"], rows=w.ids[1:])
    w("logits.grad.sum", "row_sum", w("logits.grad", "subtract", "probs", right))


@wiring("sampling")
def _sampling(w: Wiring) -> None:
    """Temperatures; top k (Fan et al. 2018) and top p (Holtzman et al. 2020); draws; and texts of two words."""
    probs, last = w.softmax("probs", w("scaled", "divided_by_each", "logits", "temperatures")), "probs.last"
    w("likeliest", "row_argmax", probs)
    w("probs.plain", "gather_rows", probs, rows=[0])
    w(last, "gather_rows", probs, rows=[w.shapes["temperatures"][0] - 1])
    for name, of, rule, limit in (("top_k", "probs.plain", "keep_k", "k"), ("top_p", last, "keep_p", "p")):
        kept = w(name, rule, of, limit)
        w(f"{name}.probs", "normalize_rows", kept, w(f"{name}.sum", "row_sum", kept))
    for name, shares in (("plain", "probs.plain"), ("top_k", "top_k.probs")):
        w(f"{name}.drawn", "stretch_of", w(f"{name}.ends", "running_sum", shares), "r")
    w("best", "largest_entry", w("joint", "scale_rows", "second", "first"))
    w("greedy", "largest_entry", w("greedy.row", "row_of_largest", "joint", "first"))


@wiring("sizing")
def _sizing(w: Wiring) -> None:
    """Parameters, each with its biases; FLOPs (Hoffmann et al. 2022, appendix F; Chowdhery et al. 2022, appendix B);
    bytes, and days.
    """
    d, n, layers, width = "d_model", "n_ctx", "n_layers", w("width", "multiply", "n_heads", "d_head")

    def params(part: str, *factors: str, times: int = 1) -> str:
        weights = w(f"params.{part}.W", "multiply", *factors, times=times)
        return with_bias(part, weights, factors[-1], times)

    def with_bias(part: str, weights: str, cols: str, times: int = 1) -> str:
        return w(f"params.{part}", "add_all", weights, w(f"params.{part}.b", "multiply", "bias", cols, times=times))

    def total(name: str, *parts: str) -> str:
        return w(name, "add_all", *parts)

    heads = params("qkv", d, width, times=3), params("out", width, d)
    mlp = params("mlp_in", d, "d_mlp"), params("mlp_out", "d_mlp", d)
    block = total(
        "params.block",
        total("params.attn", with_bias("ln1", d, d), *heads),
        total("params.mlp", with_bias("ln2", d, d), *mlp),
    )
    positions = w("params.pos_embed", "multiply", n, d)
    parts = [
        total("params.embeddings", positions, w("params.embed", "multiply", "d_vocab", d)),
        w("params.blocks", "multiply", layers, block),
        with_bias("ln_final", d, d),
    ]
    if not w.config["tie_word_embeddings"]:
        parts.append(w("params.unembed", "multiply", d, "d_vocab"))
    every = total("params", *parts)

    def flops(part: str, *factors: str, times: int = 2) -> str:
        return w(f"flops.{part}", "multiply", *factors, times=times)

    products = flops("qkv", n, d, width, times=6), flops("scores", n, n, width), flops("mixture", n, n, width)
    attn = total("flops.attn", *products, flops("out", n, width, d))
    ffn = total("flops.mlp", flops("mlp_in", n, d, "d_mlp"), flops("mlp_out", n, "d_mlp", d))
    blocks = flops("blocks", layers, total("flops.block", attn, ffn), times=1)
    forward = total("flops.forward", blocks, flops("unembed", n, d, "d_vocab"))
    step = total("flops", forward, flops("backward", forward))
    for whole, of in ((every, "params."), (forward, "flops.")):
        for name in (name for name in w.shapes if name.startswith(f"share.{of}")):
            w(name, "percent", name.removeprefix("share."), whole)

    w("checkpoint", "multiply", every, "bytes_per_number", "copies")
    rate = w("flops_per_second", "quotient", w("flops.batch", "multiply", step, "batch"), "seconds")
    w("mfu", "percent", rate, "peak_flops")
    others = w("params.without_pos_embed", "subtract", every, positions)
    palm = w("palm.params", "multiply", others, times=6), w("palm.attn", "multiply", layers, width, n, times=12)
    w("palm.flops", "multiply", total("palm.per_token", *palm), n)
    work = w("train.flops", "multiply", every, "train_tokens", times=6)
    speed = w("train.flops_per_second", "multiply", "peak_flops", "gpus", "utilisation")
    w("train.days", "quotient", w("train.seconds", "quotient", work, speed), "seconds_a_day")


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


@wiring("microgpt")
def _microgpt(w: Wiring) -> None:
    """As in Karpathy's file: a norm after the embeddings, and none before the logits."""
    w.spoken(w.stack(w.norm(w.embedding(), "embed.ln"), "blocks", w.block))


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


@wiring("relative-positions")
def _relative_positions(w: Wiring) -> None:
    """The last row of a head, with the rows of a table for the distances in its keys (Shaw et al. 2018, equation 4),
    and without.
    """
    keys, reach = "blocks.0.attn.hook_k[0]", w.config.get("max_relative_position", 0)
    content = w("new.scores_content", "dot_rows", "new.q", keys)
    by_distance = w("new.by_distance", "dot_rows", "new.q", "blocks.0.attn.rel_pos_keys")
    name, before = "new.scores_relative", w.shapes[keys][0] - 1
    told = w(name, "pick_by_distance", by_distance, shape=w.shapes[name], start=reach - before)
    for at, scores in (("new", w("new.scores", "add", content, told)), ("plain", content)):
        w.read_by(scores, "blocks.0.attn.hook_v[0]", at)


@wiring("segment-memory")
def _segment_memory(w: Wiring) -> None:
    """A head over a segment and its memory; and its last row, over the segment alone and by products of q and k."""
    at, memory = "blocks.0.attn", w.config.get("mem_len", 0)
    w.head(STREAM, at, 0)
    n = w.shapes[STREAM][0]
    own = range(memory, memory + n)
    q, k, v = (
        w(f"plain.{x}", "gather_rows", f"{at}.hook_{x}[0]", rows=[*rows])
        for x, rows in (("q", [n - 1]), ("k", own), ("v", own))
    )
    w.read(q, k, v, "plain")


@wiring("kv-cache")
def _kv_cache(w: Wiring) -> None:
    """A head; and its last row, with the keys and values of the words before it from a cache."""
    at, last, rows = "blocks.0.attn", w.shapes[STREAM][0] - 1, dict[str, str]()
    w.head(STREAM, at, 0)
    new = w("new", "gather_rows", STREAM, rows=[last])
    for x in "qkv":
        own = w.linear(f"new.{x}", new, f"{at}.W_{x.upper()}[0]", f"{at}.b_{x.upper()}[0]")
        before = f"{at}.hook_{x}[0]"
        if x != "v" and w.config["positional_embedding_type"] == "rotary":
            own, before = w.turned(own, f"new.rot_{x}", start=last), f"{at}.hook_rot_{x}[0]"
        cache = w(f"cache.{x}", "gather_rows", before, rows=[*range(last)])
        rows[x] = own if x == "q" else w(f"all.{x}", "vstack", cache, own)
    w.read_last(rows["q"], rows["k"], rows["v"], "new", at, 0)


@wiring("rotary")
def _rotary(w: Wiring) -> None:
    """The last row of a head, with queries and keys turned, and without; and a query and a key at every position."""
    at = "blocks.0.attn"
    q, k = (w.turned(f"{at}.hook_{x}[0]", f"{at}.hook_rot_{x}[0]") for x in "qk")
    length = range(w.shapes["dial.dots"][0]) if "dial.dots" in w.shapes else ()
    everywhere = [w(f"dial.{x}.rows", "gather_rows", f"dial.{x}", rows=[0 for _ in length]) for x in "qk"]
    w("dial.dots", "dot_rows", *(w.turned(x, x.replace("rows", "turned"), pairs=1) for x in everywhere))
    for name, queries, keys in (("plain", f"{at}.hook_q[0]", f"{at}.hook_k[0]"), ("last", q, k)):
        query = w(f"{name}.q", "gather_rows", queries, rows=[w.shapes[queries][0] - 1])
        w.read(query, keys, f"{at}.hook_v[0]", name)


@wiring("flash-attention")
def _flash_attention(w: Wiring) -> None:
    """Softmax in tiles (Milakov & Gimelshein 2018; Dao et al. 2022, algorithm 1), and the same at once."""
    base, tiles = w.config["softmax_base"], len([name for name in w.given if name.endswith("scores")])
    total = out = top = ""
    for t in range(tiles):
        at = f"attn.tile{t}"
        before, scores = top, f"{at}.scores"
        top = w(f"{at}.max", "max_so_far", scores, before) if before else w(f"{at}.max", "row_max", scores)
        powers = w(f"{at}.exp", "power_of", w(f"{at}.shifted", "center", scores, top), base=base)
        if not before:
            total, out = w(f"{at}.sum", "row_sum", powers), w(f"{at}.out", "matmul", powers, f"{at}.v")
            continue
        factor = w(f"{at}.factor", "power_of", w(f"{at}.fall", "subtract", before, top), base=base)
        old = w(f"{at}.kept_sum", "multiply", total, factor), w(f"{at}.kept_out", "scale_rows", out, factor)
        total = w(f"{at}.sum", "add", old[0], w(f"{at}.new_sum", "row_sum", powers))
        out = w(f"{at}.out", "add", old[1], w(f"{at}.new_out", "matmul", powers, f"{at}.v"))
    w("attn.z", "normalize_rows", out, total)
    whole = w("plain.scores", "hstack", *(f"attn.tile{t}.scores" for t in range(tiles)))
    values = w("plain.v", "vstack", *(f"attn.tile{t}.v" for t in range(tiles)))
    w("plain.z", "matmul", w.softmax("plain.pattern", whole), values)


@wiring("grouped-query-attention")
def _grouped_query_attention(w: Wiring) -> None:
    """Query heads in groups, in order, each of which shares a row of keys and of values (Ainslie et al. 2023)."""
    heads, groups = (w.shapes[name][0] for name in ("attn.q", "attn.k"))
    shared = [group for group in range(groups) for _ in range(heads // groups)]
    for x, name in (("k", "keys"), ("v", "values")):
        w(f"attn.{name}", "gather_rows", f"attn.{x}", rows=shared)
    last_of_groups = [h for h in range(heads) if h + 1 == heads or shared[h] != shared[h + 1]]
    w("own.q", "gather_rows", "attn.q", rows=last_of_groups)
    for at, keys, values in (("attn", "attn.keys", "attn.values"), ("own", "own.k", "own.v")):
        scores = w(f"{at}.scores", "scale_rows", keys, f"{at}.q")
        w(f"{at}.z", "row_dots", w.softmax(f"{at}.pattern", scores), values)
    card = w("count.card", "multiply", "d_head", times=2)
    w("count.own", "multiply", card, "n_heads")
    w("count.shared", "multiply", card, "n_key_value_heads")


@wiring("mixture-of-experts")
def _mixture_of_experts(w: Wiring) -> None:
    """The experts of the last row alone, by the router's shares of two and of all (Jiang et al. 2024); and the
    balance N · Σ f P of first choices and mean shares (Fedus et al. 2022, section 2.2).
    """
    at, count, last = "blocks.0.mlp", w.config["num_experts"], [w.shapes["x"][0] - 1]
    weights, shares = w.routed("x", at), f"{at}.router_probs"
    for name, rows in (("x", "x"), ("weights", weights), ("shares", shares)):
        w(f"last.{name}", "gather_rows", rows, rows=last)
    w.mixed("last.x", "last.weights", at, "last.out")
    said = w("all.said", "vstack", *(f"{at}.experts.{e}.out" for e in range(count)))
    w("all.out", "matmul", "last.shares", said)
    f = w("balance.first", "column_mean", w.top(shares, "first.kept", "first.chosen", 1))
    dot = w("balance.dot", "row_dots", f, w("balance.mean", "column_mean", shares))
    w("balance", "multiply", dot, times=count)
    w("count.all", "multiply", "expert_size", "num_experts")
    w("count.active", "multiply", "expert_size", "experts_per_token")


@wiring("llama-block")
def _llama_block(w: Wiring) -> None:
    """The last token through a pre-norm block (Touvron et al. 2023, section 2.2), its keys and values below those of
    the tokens before it; and its units with ReLU and no gate.
    """
    c, at, block = w.config, "blocks.0.attn", "blocks.0"
    x, last, groups = w.embedding(), len(w.ids) - 1, c.get("n_key_value_heads") or c["n_heads"]
    rows, turns = w.norm(x, f"{block}.ln1"), c["positional_embedding_type"] == "rotary"
    new = w("new.n", "gather_rows", rows, rows=[last])

    def projected(of: str, letter: str, n: int, name: str) -> str:
        return w.linear(name, of, f"{at}.W_{letter}[{n}]", f"{at}.b_{letter}[{n}]")

    for g in range(groups):
        k, v = (projected(rows, letter, g, f"{at}.hook_{letter.lower()}[{g}]") for letter in "KV")
        own_k, own_v = (projected(new, letter, g, f"new.{letter.lower()}[{g}]") for letter in "KV")
        if turns:
            k, own_k = w.turned(k, f"{at}.hook_rot_k[{g}]"), w.turned(own_k, f"new.rot_k[{g}]", start=last)
        for letter, whole, own in (("k", k, own_k), ("v", v, own_v)):
            cache = w(f"cache.{letter}[{g}]", "gather_rows", whole, rows=[*range(last)])
            w(f"all.{letter}[{g}]", "vstack", cache, own)
    mixtures = []
    for h in range(c["n_heads"]):
        g, query = h // (c["n_heads"] // groups), projected(new, "Q", h, f"new.q[{h}]")
        query = w.turned(query, f"new.rot_q[{h}]", start=last) if turns else query
        mixtures.append(w.read_last(query, f"all.k[{g}]", f"all.v[{g}]", "new", at, h, f"[{h}]"))
    out = w.output(mixtures, at, f"{block}.hook_attn_out")
    x = w(f"{block}.hook_resid_mid", "add", w("new.x", "gather_rows", x, rows=[last]), out)
    found = w.mlp(w.norm(x, f"{block}.ln2"), f"{block}.mlp", f"{block}.hook_mlp_out")
    if c.get("gated_mlp") and not c.get("num_experts"):
        w("plain.out", "matmul", w("plain.post", "relu", f"{block}.mlp.hook_pre_linear"), f"{block}.mlp.W_out")
    places = w("curve.start", "turns", shape=(6, 1), periods=(1,))
    w.activation("curve.y", w("curve.x", "plus_number", places, by=-2))
    w.spoken(w.norm(w(f"{block}.hook_resid_post", "add", x, found), "ln_final"))


@wiring("position-biases")
def _position_biases(w: Wiring) -> None:
    """The last row of scores plus biases that fall (Press et al. 2021), and plus those of buckets (Raffel et al.
    2020).
    """
    c, heads = w.config, w.config["n_heads"]
    scaled = w("attn.scaled", "divide_by_root", "attn.raw", of=c["d_head"])
    w("plain.z", "matmul", w.softmax("plain.pattern", scaled), "attn.v")
    length = w.shapes["attn.raw"][1]
    for h in range(heads):
        head = f"[{h}]"
        falls = w(f"attn.falls{head}", "falling", shape=(length, length), slope=w.slope(h))
        bias = w(f"attn.bias{head}", "gather_rows", falls, rows=[length - 1])
        shares = w.softmax("attn.pattern", w(f"attn.biased{head}", "add", scaled, bias), head)
        w(f"attn.z{head}", "matmul", shares, "attn.v")
    if "t5.scores" in w.given:
        places, buckets = w.shapes["t5.scores"][1], w.shapes["t5.table"][1]
        furthest = c.get("relative_attention_max_distance", 128)
        w("t5.biases", "bucket_biases", "t5.table", shape=(places, places), buckets=buckets, furthest=furthest)
        bias = w("t5.bias", "gather_rows", "t5.biases", rows=[places - 1])
        w.softmax("t5.pattern", w("t5.biased", "add", "t5.scores", bias))


@wiring("sparse-patterns")
def _sparse_patterns(w: Wiring) -> None:
    """Who may look at whom, by Child et al. 2019 and Beltagy et al. 2020, with the window of the config; and one row
    in a window, in a soft one (Sukhbaatar et al. 2019), and in none.
    """
    c, length = w.config, w.shapes["attn.scores"][1]
    near = {"pattern": "window", "width": c.get("window_size", 0)}
    patterns = {
        "causal": {"pattern": "all", "width": 1},
        "window": near,
        "every_second": {"pattern": "dilated", "width": 2},
        "strided": {"pattern": "strided", "width": 2},
        "first": {"pattern": "global", "width": 2},
    }
    for name, params in patterns.items():
        grid = w(f"seen.{name}", "may_see", shape=(length, length), **params)
        w(f"count.{name}", "column_sum", w(f"seen.{name}.each", "row_sum", grid))
    for name in ("window", "every_second"):
        rows = [w(f"heard.{name}.1", "gather_rows", f"seen.{name}", rows=[length - 1])]
        for layer in (2, 3):
            rows.append(w(f"heard.{name}.{layer}", "heard_of", rows[-1], f"seen.{name}"))
        w(f"heard.{name}", "vstack", *rows)
    local = w("attn.local", "mask_pattern", "attn.scores", first=length - 1, **near)
    w("attn.z", "matmul", w.softmax("attn.pattern", local), "attn.v")
    w.softmax("plain.pattern", "attn.scores")
    if "span.z" in w.given:
        mask = w("span.mask", "soft_span", "span.back", "span.z", "span.ramp")
        powers = w("span.powers", "multiply", "plain.pattern.exp", mask)
        w("span.pattern", "normalize_rows", powers, w("span.sum", "row_sum", powers))


@wiring("linear-attention")
def _linear_attention(w: Wiring) -> None:
    """A state that grows by φ(k)ᵀ v and a sum that grows by φ(k), read by φ(q) (Katharopoulos et al. 2020, equations
    16 to 20); the last row by shares, and by softmax.
    """
    at, base = "blocks.0.attn", w.config["softmax_base"]
    q, k, v = (f"{at}.hook_{x}[0]" for x in "qkv")
    for x, of in (("q", q), ("k", k)):
        w(f"{at}.phi_{x}[0]", "elu_plus_one", of, base=base)
    state = total = query = ""
    last = w.shapes[q][0] - 1
    for t in range(last + 1):
        query, key, value = (
            w(f"{at}.{x}{t}", "gather_rows", f"{at}.{of}[0]", rows=[t])
            for x, of in (("q", "phi_q"), ("k", "phi_k"), ("v", "hook_v"))
        )
        parcel = w(f"{at}.parcel{t}" if t else f"{at}.state0", "dot_columns", key, value)
        state = w(f"{at}.state{t}", "add", state, parcel) if t else parcel
        total = w(f"{at}.total{t}", "add", total, key) if t else w(f"{at}.total0", "copy", key)
        read, norm = w(f"{at}.read{t}", "matmul", query, state), w(f"{at}.norm{t}", "row_dots", query, total)
        w(f"{at}.out{t}", "normalize_rows", read, norm)
    products = w("shares.scores", "dot_rows", query, f"{at}.phi_k[0]")
    w("shares.z", "matmul", w("shares.pattern", "normalize_rows", products, w("shares.sum", "row_sum", products)), v)
    scores = w("plain.scores", "dot_rows", w("plain.q", "gather_rows", q, rows=[last]), k)
    w("plain.z", "matmul", w.softmax("plain.pattern", scores), v)


@wiring("latent-attention")
def _latent_attention(w: Wiring) -> None:
    """The last row of a head on keys and values from a latent; and its scores with W_UK multiplied into the query
    (DeepSeek-AI 2024, section 2.1.2).
    """
    at = "blocks.0.attn"
    k, v = w.from_latent(STREAM, at, "[0]")
    row = w("new", "gather_rows", STREAM, rows=[w.shapes[STREAM][0] - 1])
    q = w("new.q", "matmul", row, f"{at}.W_Q[0]")
    w.read(q, k, v, "new")
    w("absorbed.scores", "dot_rows", w("absorbed.q", "dot_rows", q, f"{at}.W_UK[0]"), f"{at}.latent")
    own = w("count.own", "multiply", w("count.card", "add", "d_head", "d_v"), "n_heads")
    w("count.times", "quotient", own, "kv_lora_rank")


@wiring("low-rank-attention")
def _low_rank_attention(w: Wiring) -> None:
    """A head on shortened keys and values (Wang et al. 2020), its last row with all of them, and how many scores."""
    at = "blocks.0.attn"
    w.head(STREAM, at, 0)
    q, k, v = (f"{at}.hook_{x}[0]" for x in "qkv")
    w.read(w("plain.q", "gather_rows", q, rows=[w.shapes[q][0] - 1]), k, v, "plain")
    every = w("count.all", "multiply", "n_ctx", "n_ctx")
    w("count.times", "quotient", every, w("count.short", "multiply", "n_ctx", "linformer_k"))


@wiring("hashed-attention")
def _hashed_attention(w: Wiring) -> None:
    """The last row within a bucket (Kitaev, Kaiser & Levskaya 2020, section 2), and without; and another hash."""
    at, q = "blocks.0.attn", "blocks.0.attn.hook_q[0]"
    n = w.shapes[q][0]
    k, query = w(f"{at}.hook_k[0]", "unit_rows", q), w("new.q", "gather_rows", q, rows=[n - 1])
    bucket = w.bucket(q, at, "[0]")
    own = w("new.bucket", "gather_rows", bucket, rows=[n - 1])
    scores = w("new.scores", "dot_rows", query, k)
    w.softmax("new.pattern", w("new.scores_hashed", "mask_buckets", scores, own, bucket, first=n - 1))
    before = w("plain.k", "gather_rows", k, rows=[*range(n - 1)])
    w.softmax("plain.pattern", w("plain.scores", "dot_rows", query, before))
    again = w.bucket_by(w("again.q", "gather_rows", q, rows=[1, n - 1]), "again.R", "again")
    w("again.box", "plus_number", again, by=1)


@wiring("recurrent-depth")
def _recurrent_depth(w: Wiring) -> None:
    """The same head in each pass (Dehghani et al. 2018); halting (Graves 2016); a reversible block (Gomez et al.
    2017).
    """
    x = before = STREAM
    c = {**w.config, "share_layers": True}
    w.config = c
    for n in range(c["n_layers"]):
        before, x = x, w(f"pass{n}", "add", x, w.head(x, f"blocks.{n}.attn", 0))
    p = w("halt.p", "sigmoid", "halt.logits", base=c["softmax_base"])
    weights = w("halt.weight", "halting_weights", p)
    w("halt.state", "matmul", weights, "halt.states")
    w("halt.ponder", "ponder_cost", weights)
    if "own.W_Q" in w.given:
        row = w("own.row", "gather_rows", before, rows=[w.shapes[before][0] - 1])
        keys, values = (w(f"own.{x.lower()}", "matmul", before, f"own.W_{x}") for x in "KV")
        w("own.x", "add", row, w.read(w("own.q", "matmul", row, "own.W_Q"), keys, values, "own"))
    y1, y2 = "rev.y1", "rev.y2"
    if "rev.x1" in w.given:
        w(y1, "add", "rev.x1", w("rev.f", "relu", w("rev.f_pre", "matmul", "rev.x2", "rev.W_F")))
        w(y2, "add", "rev.x2", w("rev.g", "relu", w("rev.g_pre", "matmul", y1, "rev.W_G")))
    x2 = w("back.x2", "subtract", y2, w("back.g", "relu", w("back.g_pre", "matmul", y1, "rev.W_G")))
    w("back.x1", "subtract", y1, w("back.f", "relu", w("back.f_pre", "matmul", x2, "rev.W_F")))


@wiring("nearest-neighbours")
def _nearest_neighbours(w: Wiring) -> None:
    """λ p_kNN + (1 − λ) p_LM (Khandelwal et al. 2020, equations 2 and 3), in a base of its own."""
    c, take = w.config, Fraction(str(w.config.get("lmbda", "1/2")))
    apart = w("knn.distance", "squared_distances", "knn.query", "knn.keys")
    powers = w("knn.power", "power_of", w("knn.negative", "times_number", apart, by=-1), base=c["softmax_base"])
    kept = w("knn.kept", "keep_largest", powers, count=c.get("knn", 3))
    shares = w("knn.share", "normalize_rows", kept, w("knn.kept.sum", "row_sum", kept))
    words = w("knn.one_hot", "one_hot", shape=w.shapes["knn.one_hot"], rows=w.ids)
    near = w("knn.probs", "matmul", shares, words)
    w("knn.mixed", "blend", w.softmax("probs", "logits"), near, keep=1 - take, take=take)
    for name in ("probs", "knn.mixed"):
        w(f"{name}.next", "row_argmax", name)


@wiring("family-tree")
def _family_tree(w: Wiring) -> None:
    """One row of scores read as in GPT (Radford et al. 2018), with a slope (Press et al. 2021), in a window (Beltagy
    et al. 2020), in a bucket (Kitaev et al. 2020), by mixtures of keys (Wang et al. 2020), and without powers
    (Katharopoulos et al. 2020); and what each counts and keeps.
    """
    c, q, k, base = w.config, "attn.q", "attn.k", w.config["softmax_base"]
    n = w.shapes[q][0]
    near, last = {"pattern": "window", "width": c.get("window_size", 0)}, {"rows": [n - 1]}
    whole = w("all.scores", "dot_rows", q, k)
    falls = w("slope.falls", "falling", shape=(n, n), slope=1)
    hashed = w("all.hashed", "mask_buckets", whole, "hash.bucket", "hash.bucket", causal=True)
    keys = w("short.k", "dot_columns", "short.E", k)

    def mixed(name: str, scores: str) -> None:
        powers = w(f"{name}.exp", "dot_rows", w(f"{name}.power", "power_of", scores, base=base), "short.E")
        w(name, "normalize_rows", powers, w(f"{name}.sum", "row_sum", powers))

    phi = [w(f"linear.phi_{y}", "elu_plus_one", x, base=base) for x, y in ((q, "q"), (k, "k"))]
    grids = {
        "gpt": whole,
        "slope": w("all.fallen", "add", whole, falls),
        "window": w("all.near", "mask_pattern", whole, **near),
        "bucket": hashed,
    }
    w.softmax("grid.all", whole)
    for name, scores in grids.items():
        w.softmax(f"grid.{'hashed' if name == 'bucket' else name}", w(f"all.{name}", "mask_future", scores))
    mixed("grid.short", w("all.short", "dot_rows", q, keys))
    shares = w("all.linear", "zero_future", w("all.products", "dot_rows", *phi))
    w("grid.linear", "normalize_rows", shares, w("grid.linear.sum", "row_sum", shares))
    query = w("new.q", "gather_rows", q, **last)
    row = w("new.scores", "dot_rows", query, k)
    w.softmax("gpt.pattern", row)
    w.softmax("slope.pattern", w("slope.scores", "add", row, w("slope.fall", "gather_rows", falls, **last)))
    w.softmax("window.pattern", w("window.scores", "mask_pattern", row, first=n - 1, **near))
    w.softmax("hashed.pattern", w("hashed.scores", "gather_rows", hashed, **last))
    mixed("short.pattern", w("short.scores", "dot_rows", query, keys))
    products = w("linear.scores", "dot_rows", w("new.phi_q", "gather_rows", phi[0], **last), phi[1])
    w("linear.pattern", "normalize_rows", products, w("linear.sum", "row_sum", products))
    for name, params in (("gpt", {"pattern": "all", "width": 1}), ("window", near)):
        seen = w(f"seen.{name}", "may_see", shape=(n, n), **params)
        w(f"count.{name}", "column_sum", w(f"seen.{name}.each", "row_sum", seen))
    w("count.all", "multiply", "n_ctx", "n_ctx")
    w("count.short", "multiply", "n_ctx", times=w.shapes["short.E"][1])
    card = w("card.gpt", "multiply", "n_heads", "d_head", times=2)
    shared = w("card.shared", "multiply", "n_heads", "d_head")
    for name, each in (("gpt", card), ("shared", shared), ("latent", "latent")):
        w(f"kept.{name}", "multiply", each, times=1000)
    w("kept.window", "multiply", "window_size", card)
    state = w("state", "add_all", w("state.square", "multiply", "d_head", "d_head"), "d_head")
    w("kept.state", "multiply", "n_heads", state)
    for name, each in (("gpt", card), ("shared", shared)):
        w(f"weights.{name}", "multiply", "d_model", each)
    down, up = w("weights.down", "multiply", "d_model", "latent"), w("weights.up", "multiply", "latent", card)
    w("weights.latent", "add_all", down, up)


def wires(run: Recorded) -> dict[str, Wire]:
    """The wires of a run's steps: those of its model's wiring here; for any other step, those that were recorded."""
    own = _own(run)
    return own | {name: _recorded(run, name, step) for name, step in computed_steps(run).items() if name not in own}


def unwired(run: Recorded) -> list[str]:
    """The computed steps for which a run's model has no wiring here."""
    own = _own(run)
    return [name for name in computed_steps(run) if name not in own]


def _own(run: Recorded) -> dict[str, Wire]:
    """The wires of a model's wiring here; none for a model that has none.

    Raises: WitnessError where the run lacks a step.
    """
    if run.model not in WIRINGS:
        return {}
    given = run.steps.keys() - computed_steps(run).keys()
    shapes = {name: step.shape for name, step in run.steps.items()}
    wiring = Wiring(run.config.as_dict(), given, _ids(run), shapes)
    try:
        WIRINGS[run.model](wiring)
    except KeyError as error:  # the shape of a step, or an option
        raise WitnessError(f"the run does not hold {error.args[0]}, which {run.model} has with its options") from None
    return wiring.wires


def _recorded(run: Recorded, name: str, step: Step) -> Wire:
    """A step's wire as its run recorded it. A rule whose operands do not tell the shape has it as a parameter."""
    sized = not step.inputs or step.op_name in ("bucket_biases", "pick_by_distance")
    size = {"shape": step.shape} if sized else {}
    return Wire(step.op_name, tuple(step.inputs), {**run.params(name), **size})


def _ids(run: Recorded) -> tuple[int, ...]:
    """The tokens as rows of W_E."""
    words = run.vocabulary
    return tuple(words.index(t) if t in words else int(t) if t.isdigit() else 0 for t in run.tokens)
