"""A plain float64 reference of the models, sharing no code with byhand: every intermediate by its step name.

Rows are positions: n is the number of positions, and a column of one number per position is n × 1.

>>> forward("softmax", {"softmax_base": 2}, {}, {"scores": [[0, 1, 0]]})["softmax"].tolist()
[[0.25, 0.5, 0.25]]

Softmax is not shifted by its maximum, so that `.exp` and `.sum` are what stands on the paper.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

DEFAULTS: dict[str, Any] = {
    "n_heads": 1,
    "n_layers": 1,
    "act_fn": "relu",
    "normalization_type": "LN",
    "positional_embedding_type": "standard",
    "attention_dir": "causal",
    "softmax_base": "e",
    "norm_position": "pre",
    "eps": 0,
    "correction": 0,
    "tie_word_embeddings": False,
    "use_attn_scale": True,
    "attn_only": False,
    "n_key_value_heads": 0,
    "rotary_dim": 0,
    "rotary_adjacent_pairs": False,
    "rotary_base": 10000,
    "rotary_periods": (),
    "gated_mlp": False,
    "alibi_slopes": (),
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "use_local_attn": False,
    "window_size": 0,
    "attn_types": (),
    "attn_pattern": "window",
    "num_experts": 0,
    "experts_per_token": 0,
    "attention_kernel": None,
    "linformer_k": 0,
    "kv_lora_rank": 0,
    "qk_rope_head_dim": 0,
    "max_relative_position": 0,
    "mem_len": 0,
    "num_buckets": 0,
    "share_layers": False,
    "normalized_shape": (),
}


def forward(
    model: str,
    config: Mapping[str, Any],
    weights: Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
    token_ids: Sequence[int] | None = None,
) -> dict[str, np.ndarray]:
    """Every step of the model, the inputs included, in the order in which they are computed."""
    run = Run(config, weights)
    steps = run.steps
    steps |= {name: np.asarray(value, dtype=float) for name, value in (inputs or {}).items()}
    models = {
        "softmax": lambda: run.softmax(steps["scores"], "softmax"),
        "positional-encoding": lambda: run.keep("hook_pos_embed", run.positions(run.config["n_ctx"])),
        "attention-head": lambda: run.head(steps["blocks.0.hook_resid_pre"], "blocks.0.attn", 0),
        "multi-head-attention": lambda: run.attention(steps["blocks.0.hook_resid_pre"], "blocks.0"),
        "cross-attention": lambda: run.attention(
            steps["decoder.0.hook_resid_pre"], "decoder.0", "cross_attn", steps["encoder.0.hook_resid_pre"]
        ),
        "layer-norm": lambda: run.norm(steps["blocks.0.hook_resid_pre"], "blocks.0.ln1"),
        "batch-norm": lambda: run.batch_norm(steps["blocks.0.hook_resid_pre"], "blocks.0.bn"),
        "feed-forward": lambda: run.feed_forward(steps["blocks.0.hook_resid_mid"], "blocks.0"),
        "mlp": lambda: run.feed_forward(steps["x"], "blocks.0"),
        "convolution": lambda: run.keep(
            "blocks.0.hook_conv_out", run.feed_forward(steps["blocks.0.hook_resid_mid"], "blocks.0")
        ),
        "block": lambda: run.block(steps["blocks.0.hook_resid_pre"], "blocks.0"),
        "encoder": lambda: run.encoder(),
        "encoder-decoder": lambda: run.encoder_decoder(),
        "gpt": lambda: run.gpt(token_ids or []),
        "microgpt": lambda: run.gpt(token_ids or [], first="embed.ln", last=""),
        "sampling": lambda: run.sampling(),
        "beam-search": lambda: run.beam_search(),
    }
    models[model]()
    return steps


class Run:
    """A configuration with its defaults, the parameters, and the steps so far."""

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, Any]) -> None:
        self.config = DEFAULTS | dict(config)
        self.weights = {name: np.asarray(value, dtype=float) for name, value in weights.items()}
        if self.config["share_layers"]:
            for name, layer in product(list(self.weights), range(1, self.config["n_layers"])):
                self.weights[name.replace(".0.", f".{layer}.", 1)] = self.weights[name]
        self.steps: dict[str, np.ndarray] = {}
        base = self.config["softmax_base"]
        self.base = math.e if base == "e" else float(base)

    def keep(self, name: str, value: np.ndarray) -> np.ndarray:
        self.steps[name] = value
        return value

    def softmax(self, scores: np.ndarray, name: str, head: str = "") -> np.ndarray:
        """Row by row: powers, their sum, the quotients; base ** −inf is 0."""
        exp = self.keep(f"{name}.exp{head}", np.power(self.base, scores))  # (n, n)
        total = self.keep(f"{name}.sum{head}", exp.sum(axis=1, keepdims=True))  # (n, 1)
        return self.keep(f"{name}{head}", exp / total)  # (n, n)

    def positions(self, n: int) -> np.ndarray:
        """The first rows of W_pos, or the sine of pos / 10000^(2i/d) at dimension 2i, cosine at 2i + 1."""
        if self.config["positional_embedding_type"] == "standard":
            return self.weights["pos_embed.W_pos"][:n]  # (n, d_model)
        dim = np.arange(self.config["d_model"])
        angle = np.arange(n)[:, None] / 10000.0 ** ((dim - dim % 2) / self.config["d_model"])  # (n, d_model)
        return np.where(dim % 2 == 0, np.sin(angle), np.cos(angle))  # (n, d_model)

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        """LayerNorm with biased variance, or RMSNorm, of each row; x itself without a normalization_type."""
        kind = self.config["normalization_type"]
        if kind is None:
            return x
        axis, count = ((0, 1), x.size) if self.config["normalized_shape"] else (1, x.shape[1])
        if kind == "LN":
            mean = self.keep(f"{name}.mean", x.mean(axis=axis, keepdims=True))  # (n, 1) or (1, 1)
            x = self.keep(f"{name}.centered", x - mean)  # (n, d_model)
        square = f"{name}.variance" if kind == "LN" else f"{name}.mean_square"
        divisor = count - (self.config["correction"] if kind == "LN" else 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            square_mean = self.keep(square, np.sum(x * x, axis=axis, keepdims=True) / divisor)  # (n, 1) or (1, 1)
        scale = self.keep(f"{name}.hook_scale", np.sqrt(square_mean + float(self.config["eps"])))  # (n, 1)
        x = x / scale  # (n, d_model)
        if f"{name}.w" in self.weights or f"{name}.b" in self.weights:
            self.keep(f"{name}.standardized", x)
            x = x * self.weights.get(f"{name}.w", 1.0) + self.weights.get(f"{name}.b", 0.0)  # (n, d_model)
        return self.keep(f"{name}.hook_normalized", x)

    def batch_norm(self, x: np.ndarray, name: str) -> np.ndarray:
        """Each column less its mean, divided by its biased deviation over the rows; then w and b."""
        x = x - x.mean(axis=0)
        x = x / np.sqrt((x * x).mean(axis=0) + float(self.config["eps"]))  # (n, d_model)
        return self.keep(
            f"{name}.hook_normalized", x * self.weights.get(f"{name}.w", 1.0) + self.weights.get(f"{name}.b", 0.0)
        )

    def head(
        self, x: np.ndarray, attn: str, h: int, memory: np.ndarray | None = None, causal: bool | None = None
    ) -> np.ndarray:
        """One attention head: queries, keys, values, scores, pattern, and the mixture z."""
        causal = self.config["attention_dir"] == "causal" if causal is None else causal
        source = x if memory is None else memory
        if memory is None and self.config["mem_len"]:
            source = self.keep(f"{attn}.seen", np.vstack([self.steps[f"{attn}.mem"], x]))  # (mem_len + n, d_model)
        shared = self.config["n_heads"] // (self.config["n_key_value_heads"] or self.config["n_heads"])
        group = h // shared  # as PyTorch's repeat_interleave
        q = self.project(x, attn, "q", h)  # (n, d_head)
        if self.config["kv_lora_rank"] and memory is None:
            return self.from_latent(x, q, attn, h, causal)
        if self.config["num_buckets"] and memory is None:
            k = self.keep(f"{attn}.hook_k[{h}]", q / np.linalg.norm(q, axis=1, keepdims=True))  # (n, d_head)
        else:
            k = self.project(source, attn, "k", group)  # (m, d_head)
        v = self.project(source, attn, "v", group)  # (m, d_v)
        if self.config["positional_embedding_type"] == "rotary" and memory is None:
            q = self.keep(f"{attn}.hook_rot_q[{h}]", self.turned(q))
            k = self.keep(f"{attn}.hook_rot_k[{group}]", self.turned(k))
        if self.config["linformer_k"] and memory is None:
            k = self.keep(f"{attn}.keys_short[{group}]", self.weights[f"{attn}.E"] @ k)  # (linformer_k, d_head)
            v = self.keep(f"{attn}.values_short[{group}]", self.weights[f"{attn}.F"] @ v)  # (linformer_k, d_v)
        if self.config["attention_kernel"]:
            return self.keep(f"{attn}.hook_z[{h}]", self.by_state(q, k, v, attn, h, group, causal))
        relative = self.config["positional_embedding_type"] == "relative" and memory is None
        scores = self.relative(q, k, attn, h) if relative else q @ k.T  # (n queries, n keys)
        self.keep(f"{attn}.scores_raw[{h}]", scores)
        if self.config["use_attn_scale"]:
            d_head = self.config.get("d_head") or self.config["d_model"] // self.config["n_heads"]
            scores = self.keep(f"{attn}.scores_scaled[{h}]", scores / math.sqrt(d_head))  # (n, n)
        if memory is None:
            scores = self.by_distance(scores, attn, h, causal)
        if causal:
            later = np.triu(np.ones(scores.shape), 1 + scores.shape[1] - len(x)) > 0  # (n, n): the key comes after
            scores = np.where(later, -np.inf, scores)
        self.keep(f"{attn}.hook_attn_scores[{h}]", scores)
        pattern = self.softmax(scores, f"{attn}.hook_pattern", f"[{h}]")  # (n, n)
        return self.keep(f"{attn}.hook_z[{h}]", pattern @ v)  # (n, d_v)

    def relative(self, q: np.ndarray, k: np.ndarray, attn: str, h: int) -> np.ndarray:
        """Scores by pair: a query and a key, and the query and what stands for their distance."""
        w, reach, before, d = (
            self.weights,
            self.config["max_relative_position"],
            len(k) - len(q),
            self.config["d_model"],
        )
        scores = np.zeros((len(q), len(k)))
        for i, query in enumerate(q):
            for j, key in enumerate(k):
                back = before + i - j  # how far the key is behind the query
                if reach:
                    scores[i, j] = query @ (key + w[f"{attn}.rel_pos_keys"][reach + min(max(-back, -reach), reach)])
                    continue
                angles = max(back, 0) / 10000.0 ** (np.arange(0, d, 2) / d)
                waves = np.stack([np.sin(angles), np.cos(angles)], 1).ravel()[:d]  # (d_model)
                content, position = (
                    query + w[f"{attn}.{bias}"][h] if f"{attn}.{bias}" in w else query
                    for bias in ("r_w_bias", "r_r_bias")
                )
                scores[i, j] = content @ key + position @ (waves @ w[f"{attn}.W_KR"][h])
        return scores

    def from_latent(self, x: np.ndarray, q: np.ndarray, attn: str, h: int, causal: bool) -> np.ndarray:
        """Multi-head latent attention as it is used: W_UK is multiplied into the queries, W_UV into what they read, so
        that only the latent is kept.
        """
        w, rope = self.weights, self.config["qk_rope_head_dim"]
        latent = self.keep(f"{attn}.latent", x @ w[f"{attn}.W_DKV"])  # (n, kv_lora_rank)
        scores = q[:, rope:] @ w[f"{attn}.W_UK"][h].T @ latent.T  # (n, n)
        if rope:
            q = self.keep(f"{attn}.hook_rot_q[{h}]", self.turned(q, rope))
            shared = self.keep(f"{attn}.hook_rot_k[0]", self.turned(x @ w[f"{attn}.W_KR"][0], rope))  # (n, rope)
            scores = scores + q[:, :rope] @ shared.T
        if self.config["use_attn_scale"]:
            scores = scores / math.sqrt(q.shape[1])
        scores = self.by_distance(scores, attn, h, causal)
        if causal:
            scores = np.where(np.tri(len(x)) > 0, scores, -np.inf)
        self.keep(f"{attn}.hook_attn_scores[{h}]", scores)
        pattern = self.softmax(scores, f"{attn}.hook_pattern", f"[{h}]")  # (n, n)
        return self.keep(f"{attn}.hook_z[{h}]", pattern @ latent @ w[f"{attn}.W_UV"][h])  # (n, d_v)

    def by_state(
        self, q: np.ndarray, k: np.ndarray, v: np.ndarray, attn: str, h: int, group: int, causal: bool
    ) -> np.ndarray:
        """Linear attention as a recurrent network: a state that each token adds to, and that each query reads."""
        q = self.keep(f"{attn}.phi_q[{h}]", np.where(q > 0, q + 1, self.base ** np.minimum(q, 0)))
        k = self.keep(f"{attn}.phi_k[{group}]", np.where(k > 0, k + 1, self.base ** np.minimum(k, 0)))
        states = np.cumsum(k[:, :, None] * v[:, None, :], axis=0)  # (n, d_head, d_v)
        totals = np.cumsum(k, axis=0)  # (n, d_head)
        if not causal:
            states, totals = np.repeat(states[-1:], len(q), axis=0), np.repeat(totals[-1:], len(q), axis=0)
        norm = self.keep(f"{attn}.norm[{h}]", (q * totals).sum(axis=1, keepdims=True))
        return np.einsum("nd,ndv->nv", q, states) / norm

    def by_distance(self, scores: np.ndarray, attn: str, h: int, causal: bool) -> np.ndarray:
        """The scores with a bias for each distance, as ALiBi or T5 have it, and without what a local pattern hides."""
        c, apart = self.config, np.subtract.outer(np.arange(len(scores)), np.arange(len(scores)))  # (n, n)
        stack, layer, part = attn.split(".")
        if c["positional_embedding_type"] == "alibi":
            bias = -np.abs(apart) * float((c["alibi_slopes"] or slopes(c["n_heads"]))[h])  # (n, n)
            scores = self.keep(f"{attn}.scores_biased[{h}]", scores + self.keep(f"{attn}.bias[{h}]", bias))
        if c["positional_embedding_type"] == "relative_positional_bias":
            table = self.weights[f"{stack}.0.{part}.rel_pos_bias"][h]  # (buckets)
            bias = table[t5_buckets(-apart, not causal, len(table), c["relative_attention_max_distance"])]
            scores = self.keep(f"{attn}.scores_biased[{h}]", scores + self.keep(f"{attn}.bias[{h}]", bias))
        if c["num_buckets"]:
            along = self.steps[f"{attn}.hook_q[{h}]"] @ self.weights[f"{attn}.W_R"][h]  # (n, num_buckets / 2)
            bucket = self.keep(f"{attn}.bucket[{h}]", np.hstack([along, -along]).argmax(axis=1)[:, None])  # (n, 1)
            seen = bucket == bucket.T
            for i in range(len(seen)):
                seen[i, i] = not (seen[i, :i].any() or (not causal and seen[i, i + 1 :].any()))
            scores = self.keep(f"{attn}.scores_hashed[{h}]", np.where(seen, scores, -np.inf))
        kinds = c["attn_types"]
        if c["use_local_attn"] and (not kinds or kinds[int(layer)] == "local"):
            width, kind = c["window_size"], c["attn_pattern"]
            seen = np.abs(apart) < width if kind != "dilated" else apart % width == 0  # (n, n)
            if kind == "strided":
                seen |= apart % width == 0
            if kind == "global":
                seen[0], seen[:, 0] = True, True
            scores = self.keep(f"{attn}.scores_local[{h}]", np.where(seen, scores, -np.inf))
        return scores

    def turned(self, x: np.ndarray, width: int = 0) -> np.ndarray:
        """Each pair of the first rotary_dim columns, times the matrix of a turn by its angle at each position."""
        c, out = self.config, x.copy()
        width = width or c["rotary_dim"] or x.shape[1]
        columns = np.arange(width)
        pairs = columns.reshape(-1, 2) if c["rotary_adjacent_pairs"] else columns.reshape(2, -1).T
        for k, pair in enumerate(pairs):
            speed = (
                math.tau / float(c["rotary_periods"][k])
                if c["rotary_periods"]
                else (float(Fraction(c["rotary_base"])) ** (-2 * k / width))
            )
            for t in range(len(x)):
                cos, sin = math.cos(t * speed), math.sin(t * speed)
                out[t, pair] = np.array([[cos, -sin], [sin, cos]]) @ x[t, pair]
        return out

    def project(self, x: np.ndarray, attn: str, letter: str, h: int) -> np.ndarray:
        """The queries, keys or values of one head."""
        y = x @ self.weights[f"{attn}.W_{letter.upper()}"][h]  # (n, d_head), or (n, d_v)
        if f"{attn}.b_{letter.upper()}" in self.weights:
            y = y + self.weights[f"{attn}.b_{letter.upper()}"][h]
        return self.keep(f"{attn}.hook_{letter}[{h}]", y)

    def attention(
        self, x: np.ndarray, at: str, part: str = "attn", memory: np.ndarray | None = None, causal: bool | None = None
    ) -> np.ndarray:
        """All heads side by side, times the heads' W_O one above the other; nothing is hidden in a memory."""
        attn = f"{at}.{part}"
        causal = causal if memory is None else False
        heads = [self.head(x, attn, h, memory, causal) for h in range(self.config["n_heads"])]
        z = self.keep(f"{attn}.z", np.hstack(heads))  # (n, n_heads · d_v)
        w_o = np.vstack(list(self.weights[f"{attn}.W_O"]))  # (n_heads · d_v, d_model)
        out = z @ w_o + self.weights.get(f"{attn}.b_O", 0.0)  # (n, d_model)
        return self.keep(f"{at}.hook_{part}_out", out)

    def feed_forward(self, x: np.ndarray, at: str) -> np.ndarray:
        """One network at each position, or a router's mixture of several."""
        if not self.config["num_experts"]:
            return self.network(x, f"{at}.mlp", f"{at}.hook_mlp_out")
        mlp, count = f"{at}.mlp", self.config["experts_per_token"]
        shares = self.softmax(self.keep(f"{mlp}.router", x @ self.weights[f"{mlp}.W_gate"]), f"{mlp}.router_probs")
        every = [self.network(x, f"{mlp}.experts.{e}", "") for e in range(shares.shape[1])]  # of (n, d_model)
        out = np.zeros_like(x)
        for t, row in enumerate(shares):
            chosen = np.argsort(-row, kind="stable")[:count]
            out[t] = sum(row[e] * every[e][t] for e in chosen) / row[chosen].sum()
        return self.keep(f"{at}.hook_mlp_out", out)

    def network(self, x: np.ndarray, mlp: str, name: str) -> np.ndarray:
        """The same two linear layers at each position, the activation after the first only."""
        act = ACTIVATIONS[self.config["act_fn"]]
        if self.config["gated_mlp"]:
            gate = self.keep(f"{mlp}.hook_pre", x @ self.weights[f"{mlp}.W_gate"])  # (n, d_mlp)
            units = self.keep(f"{mlp}.hook_pre_linear", x @ self.weights[f"{mlp}.W_in"])  # (n, d_mlp)
            gated = self.keep(f"{mlp}.gated", self.keep(f"{mlp}.gate", act(gate, self.base)) * units)  # (n, d_mlp)
            post = self.keep(f"{mlp}.hook_post", gated + self.weights.get(f"{mlp}.b_in", 0.0))
        else:
            pre = x @ self.weights[f"{mlp}.W_in"] + self.weights.get(f"{mlp}.b_in", 0.0)  # (n, d_mlp)
            self.keep(f"{mlp}.hook_pre", pre)
            post = self.keep(f"{mlp}.hook_post", act(pre, self.base))  # (n, d_mlp)
        out = post @ self.weights[f"{mlp}.W_out"] + self.weights.get(f"{mlp}.b_out", 0.0)  # (n, d_model)
        return self.keep(name, out) if name else out

    def encoder(self) -> np.ndarray:
        """Blocks in which every position sees every other."""
        x = self.steps["encoder.0.hook_resid_pre"]
        for layer in range(self.config["n_layers"]):
            x = self.block(x, f"encoder.{layer}", causal=False)
        return x

    def encoder_decoder(self) -> np.ndarray:
        """An encoder, and a decoder with masked self-attention and attention to the encoder's result."""
        memory, x = self.encoder(), self.steps["decoder.0.hook_resid_pre"]
        post = self.config["norm_position"] == "post"
        for layer in range(self.config["n_layers"]):
            at = f"decoder.{layer}"
            parts = {
                "ln1": ("hook_resid_mid", lambda y, at=at: self.attention(y, at, causal=True)),
                "ln2": ("hook_resid_mid_cross", lambda y, at=at: self.attention(y, at, "cross_attn", memory)),
                "ln3": ("hook_resid_post", lambda y, at=at: self.feed_forward(y, at)),
            }
            for norm, (name, sublayer) in parts.items():
                y = x if post else self.norm(x, f"{at}.{norm}")
                x = self.keep(f"{at}.{name}", x + sublayer(y))
                x = self.norm(x, f"{at}.{norm}") if post else x
            if post:
                self.keep(f"{at}.hook_normalized_resid_post", x)
        if "unembed.W_U" in self.weights:
            self.unembed(x)
        return x

    def block(self, x: np.ndarray, name: str, causal: bool | None = None) -> np.ndarray:
        """Attention and feed-forward, each added to what it read; a norm before each, or after each sum."""
        post_norm = self.config["norm_position"] == "post"
        if post_norm and self.config["attn_only"]:
            raise ValueError("attn_only has no post-norm form")
        attn_out = self.attention(
            x if post_norm else self.norm(x, f"{name}.ln1"), name, causal=causal
        )  # (n, d_model)
        mid = self.keep(f"{name}.hook_resid_mid", x + attn_out)
        if self.config["attn_only"]:
            return self.keep(f"{name}.hook_resid_post", mid)
        if post_norm:
            mid = self.norm(mid, f"{name}.ln1")  # what the feed-forward reads is also what it is added to
            post = self.keep(f"{name}.hook_resid_post", mid + self.feed_forward(mid, name))
            return self.keep(f"{name}.hook_normalized_resid_post", self.norm(post, f"{name}.ln2"))
        mlp_out = self.feed_forward(self.norm(mid, f"{name}.ln2"), name)  # (n, d_model)
        return self.keep(f"{name}.hook_resid_post", mid + mlp_out)

    def gpt(self, token_ids: Sequence[int], first: str = "", last: str = "ln_final") -> None:
        """Embed, add positions, run the blocks, normalise, unembed; the next token is the largest logit's.

        first, last: the norms before and after the blocks.
        """
        x = self.keep("hook_embed", self.weights["embed.W_E"][list(token_ids)])  # (n, d_model)
        if self.config["positional_embedding_type"] in ("standard", "sinusoidal"):
            x = x + self.keep("hook_pos_embed", self.positions(len(token_ids)))
        for layer in range(self.config["n_layers"]):
            x = self.keep(f"blocks.{layer}.hook_resid_pre", x)
            x = self.block(self.norm(x, first) if first and not layer else x, f"blocks.{layer}")
        if self.config["norm_position"] == "pre" and last:
            x = self.norm(x, last)
        self.unembed(x)

    def sampling(self) -> None:
        """Shares at each temperature; top k of the first row, top p of the last; what each throw draws."""
        probs = self.softmax(self.steps["logits"] / self.steps["temperatures"], "probs")  # (temperatures, words)
        likeliest_first = np.argsort(-probs, axis=1, kind="stable")
        top_k = np.zeros_like(probs[0])
        top_k[likeliest_first[0][: int(self.steps["k"][0, 0])]] = 1
        reached = np.cumsum(probs[-1][likeliest_first[-1]])
        top_p = np.zeros_like(probs[-1])
        top_p[likeliest_first[-1][: np.searchsorted(reached, self.steps["p"][0, 0]) + 1]] = 1
        shares = self.keep("top_k.probs", (probs[0] * top_k / (probs[0] @ top_k))[None])  # (1, words)
        self.keep("top_p.probs", (probs[-1] * top_p / (probs[-1] @ top_p))[None])  # (1, words)
        for name, row in (("plain", probs[0]), ("top_k", shares[0])):
            ends = self.keep(f"{name}.ends", np.cumsum(row)[None])  # (1, words)
            self.keep(f"{name}.drawn", np.searchsorted(ends[0], self.steps["r"]))  # (throws, 1)

    def beam_search(self) -> None:
        """The greedy text of three words, and the likeliest of all, by trying each."""
        first, then = self.steps["first"][:, 0], self.steps["next"]
        texts = first[:, None, None] * then[:, :, None] * then[None]  # (words, words, words)
        one = first.argmax()
        two = then[one].argmax()
        self.keep("greedy", texts[one, two].max()[None, None])
        self.keep("best", texts.max()[None, None])

    def unembed(self, x: np.ndarray) -> None:
        """Logits by W_U, or by W_E transposed where the two are tied; the lowest id on ties."""
        tied = self.config["tie_word_embeddings"]
        w_u = self.weights["embed.W_E"].T if tied else self.weights["unembed.W_U"]
        logits = self.keep("logits", x @ w_u + self.weights.get("unembed.b_U", 0.0))  # (n, d_vocab)
        self.keep("next_token", logits.argmax(axis=1)[:, None])  # (n, 1)


ACTIVATIONS = {
    "relu": lambda x, base: np.maximum(x, 0),
    "silu": lambda x, base: x / (1 + base**-x),
    "gelu": lambda x, base: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
}


def slopes(n: int) -> list[float]:
    """The slopes of n heads, as the authors of ALiBi compute them."""
    if math.log2(n).is_integer():
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [start * start**i for i in range(n)]
    closest = 2 ** math.floor(math.log2(n))
    return slopes(closest) + slopes(2 * closest)[0::2][: n - closest]


def t5_buckets(relative: np.ndarray, both_ways: bool, buckets: int, furthest: int) -> np.ndarray:
    """The bucket of each relative position (key − query), as Hugging Face's T5Attention computes it."""
    found = np.zeros_like(relative)
    if both_ways:
        buckets //= 2
        found += (relative > 0) * buckets
        relative = np.abs(relative)
    else:
        relative = -np.minimum(relative, 0)
    exact = buckets // 2
    with np.errstate(divide="ignore"):
        grown = np.log(relative / exact) / math.log(furthest / exact) * (buckets - exact)
    large = exact + np.where(relative > 0, grown, 0).astype(int)
    return found + np.where(relative < exact, relative, np.minimum(large, buckets - 1))
