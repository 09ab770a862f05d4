"""Against PyTorch, on hundreds of random small configurations: `make test-torch`. Skipped where it is not installed."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.floats import FLOATS
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.names import grad_name
from byhand.model.parameters import has_heads, parameter_shapes
from byhand.model.weights import Values
from byhand.own_numbers import load_values, run_values

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
functional = torch.nn.functional
CASES = 100  # of each kind
X, MID, ENCODER, DECODER = (
    "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid", "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre",
)  # fmt: skip


@pytest.fixture(autouse=True)
def doubles():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    yield
    torch.set_default_dtype(torch.float32)


def cases(count=CASES):
    """Sizes and choices, and PyTorch's own generator at a seed."""
    for seed in range(count):
        torch.manual_seed(seed)
        choose = random.Random(seed)
        heads, width = choose.randint(1, 3), choose.randint(1, 3)
        yield choose, {
            "d_model": heads * width, "n_heads": heads, "d_mlp": choose.randint(1, 5), "n_ctx": choose.randint(1, 5),
            "eps": choose.choice(["1e-5", "0.1"]), "attention_dir": choose.choice(["causal", "bidirectional"]),
            "norm_position": choose.choice(["pre", "post"]), "act_fn": choose.choice(["relu", "gelu"]),
        }  # fmt: skip


def shaken(module):
    """A module with parameters that are neither 0 nor 1."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.9, 0.9)
    return module


def rows(tensor):
    return tensor.detach().numpy()


def attention_weights(attention, at, config):
    """PyTorch's packed projections, transposed and cut into heads."""
    heads, d = config["n_heads"], config["d_model"]
    found = {}
    for n, letter in enumerate("QKV"):
        weight = attention.in_proj_weight[n * d : (n + 1) * d].T.reshape(d, heads, -1).transpose(0, 1)
        found[f"{at}.W_{letter}"] = rows(weight)
        found[f"{at}.b_{letter}"] = rows(attention.in_proj_bias[n * d : (n + 1) * d].reshape(heads, -1))
    found[f"{at}.W_O"] = rows(attention.out_proj.weight.T.reshape(heads, -1, d))
    return found | {f"{at}.b_O": rows(attention.out_proj.bias)}


def layer_weights(layer, at, config, norms=2):
    """An encoder's or a decoder's layer by our names."""
    found = attention_weights(layer.self_attn, f"{at}.attn", config)
    for n in range(1, norms + 1):
        norm = getattr(layer, f"norm{n}")
        found |= {f"{at}.ln{n}.w": rows(norm.weight), f"{at}.ln{n}.b": rows(norm.bias)}
    if norms == 3:
        found |= attention_weights(layer.multihead_attn, f"{at}.cross_attn", config)
    for name, linear in (("in", layer.linear1), ("out", layer.linear2)):
        found |= {f"{at}.mlp.W_{name}": rows(linear.weight.T), f"{at}.mlp.b_{name}": rows(linear.bias)}
    return found


def layer(kind, config):
    return shaken(
        kind(
            config["d_model"], config["n_heads"], config["d_mlp"], dropout=0.0, activation=config["act_fn"],
            layer_norm_eps=float(config["eps"]), norm_first=config["norm_position"] == "pre", batch_first=True,
        )
    )  # fmt: skip


def mask(config, n):
    """What PyTorch is to hide: True where a position must not look."""
    return torch.triu(torch.ones(n, n, dtype=torch.bool), 1) if config["attention_dir"] == "causal" else None


def agree(model, config, inputs, weights, theirs, result="", domain=FLOATS, atol=1e-11, **entries):
    given = {name: rows(tensor) for name, tensor in inputs.items()}
    tape = MODELS[model].run(Values.of({"config": config, "inputs": given, "weights": weights, **entries}), domain)
    ours = torch.tensor([[float(x) for x in row] for row in tape.values(result or tape.used()[-1].name)])
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-9, atol=atol)


def test_multihead_attention():
    for _, config in cases():
        n, d = config["n_ctx"], config["d_model"]
        theirs, x = shaken(torch.nn.MultiheadAttention(d, config["n_heads"], batch_first=True)), torch.randn(n, d)
        expected, _ = theirs(x, x, x, attn_mask=mask(config, n), need_weights=False)
        weights = attention_weights(theirs, "blocks.0.attn", config)
        agree("multi-head-attention", config, {X: x}, weights, expected, "blocks.0.hook_attn_out")


def test_multihead_attention_of_a_decoder_to_an_encoder():
    for choose, config in cases():
        n, d = config["n_ctx"], config["d_model"]
        theirs = shaken(torch.nn.MultiheadAttention(d, config["n_heads"], batch_first=True))
        x, memory = torch.randn(choose.randint(1, n), d), torch.randn(n, d)
        expected, _ = theirs(x, memory, memory, need_weights=False)
        weights = attention_weights(theirs, "decoder.0.cross_attn", config)
        agree("cross-attention", config, {DECODER: x, ENCODER: memory}, weights, expected)


def test_layer_norm_and_batch_norm():
    for _, config in cases():
        n, d, eps = config["n_ctx"], config["d_model"], float(config["eps"])
        x = torch.randn(n, d)
        norm = shaken(torch.nn.LayerNorm(d, eps=eps))
        weights = {"blocks.0.ln1.w": rows(norm.weight), "blocks.0.ln1.b": rows(norm.bias)}
        agree("layer-norm", config, {X: x}, weights, norm(x))
        if n > 1:  # PyTorch has no batch of one
            batch = shaken(torch.nn.BatchNorm1d(d, eps=eps)).train()
            weights = {"blocks.0.bn.w": rows(batch.weight), "blocks.0.bn.b": rows(batch.bias)}
            agree("batch-norm", config, {X: x}, weights, batch(x), "blocks.0.bn.hook_normalized")


def test_a_norm_of_all_numbers_together():
    for _, config in cases():
        shape, eps = (config["n_ctx"], config["d_model"]), float(config["eps"])
        x, together = torch.randn(*shape), {"normalized_shape": [*shape]}
        norm = shaken(torch.nn.LayerNorm(shape, eps=eps))
        weights = {"blocks.0.ln1.w": rows(norm.weight), "blocks.0.ln1.b": rows(norm.bias)}
        agree("layer-norm", config | together, {X: x}, weights, norm(x))
        rms = shaken(torch.nn.RMSNorm(shape, 0.1))
        options = {"normalization_type": "RMS", "eps": "0.1"} | together
        agree("layer-norm", config | options, {X: x}, {"blocks.0.ln1.w": rows(rms.weight)}, rms(x))


def test_an_encoder_layer_is_a_block():
    for _, config in cases():
        n, d = config["n_ctx"], config["d_model"]
        theirs, x = layer(torch.nn.TransformerEncoderLayer, config), torch.randn(n, d)
        weights = layer_weights(theirs, "blocks.0", config)
        expected = theirs(x[None], src_mask=mask(config, n))[0]
        agree("block", config, {X: x}, weights, expected)


def test_an_encoder_and_a_decoder_layer():
    for choose, config in cases():
        n, d = config["n_ctx"], config["d_model"]
        encoder, decoder = (layer(getattr(torch.nn, f"Transformer{k}Layer"), config) for k in ("Encoder", "Decoder"))
        source, x = torch.randn(choose.randint(1, n), d), torch.randn(n, d)
        causal = mask({"attention_dir": "causal"}, n)
        expected = decoder(x[None], encoder(source[None]), tgt_mask=causal)[0]
        weights = layer_weights(encoder, "encoder.0", config) | layer_weights(decoder, "decoder.0", config, norms=3)
        agree("encoder-decoder", config, {ENCODER: source, DECODER: x}, weights, expected)


def rotated(x, base, width):
    """The first columns turned as in Llama (halves), by complex numbers."""
    half, n = width // 2, len(x)
    angles = torch.outer(torch.arange(n), base ** (-2 * torch.arange(half) / width))
    pairs = torch.complex(x[:, :half], x[:, half:width]) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat((pairs.real, pairs.imag, x[:, width:]), 1)


def test_rotary_heads_in_groups():
    for choose, config in cases():
        groups, each, width = choose.randint(1, 2), choose.randint(1, 3), choose.choice([2, 4])
        n, d, base, turned = config["n_ctx"], config["d_model"], choose.choice([100.0, 10_000.0]), width // 2 * 2
        config |= {"n_heads": groups * each, "n_key_value_heads": groups, "d_head": width, "d_v": width,
                   "positional_embedding_type": "rotary", "rotary_base": base, "rotary_dim": turned}  # fmt: skip
        x, at = torch.randn(n, d), "blocks.0.attn"
        weights = {f"{at}.W_{c}": torch.randn(groups * each if c == "Q" else groups, d, width) for c in "QKV"}
        weights[f"{at}.W_O"] = torch.randn(groups * each, width, d)
        q, k = (torch.stack([rotated(y, base, turned) for y in x @ weights[f"{at}.W_{c}"]]) for c in "QK")
        causal = config["attention_dir"] == "causal"
        z = functional.scaled_dot_product_attention(
            q, k, x @ weights[f"{at}.W_V"], is_causal=causal, enable_gqa=True
        )  # (heads, n, d_v)
        expected = (z @ weights[f"{at}.W_O"]).sum(0)
        weights = {name: rows(weight) for name, weight in weights.items()}
        agree("multi-head-attention", config, {X: x}, weights, expected)


def test_alibi_and_a_window_are_an_additive_mask():
    for choose, config in cases():
        n, d, heads = config["n_ctx"], config["d_model"], config["n_heads"]
        config |= {"positional_embedding_type": "alibi", "use_local_attn": True, "window_size": choose.randint(1, 4)}
        theirs, x = shaken(torch.nn.MultiheadAttention(d, heads, batch_first=True)), torch.randn(n, d)
        apart = (torch.arange(n)[:, None] - torch.arange(n)).abs()
        slopes = torch.tensor([float(slope) for slope in Config.of(config).slopes])
        bias = -slopes[:, None, None] * apart  # (heads, n, n)
        hidden = apart >= config["window_size"]
        if (future := mask(config, n)) is not None:
            hidden |= future
        expected, _ = theirs(x, x, x, attn_mask=bias.masked_fill(hidden, -torch.inf), need_weights=False)
        weights = attention_weights(theirs, "blocks.0.attn", config)
        agree("multi-head-attention", config, {X: x}, weights, expected, "blocks.0.hook_attn_out")


def test_rms_norm():
    for _, config in cases():
        x, norm = torch.randn(config["n_ctx"], config["d_model"]), torch.nn.RMSNorm(config["d_model"], 0.1)
        weights = {"blocks.0.ln1.w": rows(shaken(norm).weight)}
        agree("layer-norm", config | {"normalization_type": "RMS", "eps": "0.1"}, {X: x}, weights, norm(x))


def test_swiglu():
    for _, config in cases():
        d, wide = config["d_model"], config["d_mlp"]
        gate, up, down = (torch.randn(*shape) for shape in ((d, wide), (d, wide), (wide, d)))
        x = torch.randn(config["n_ctx"], d)
        expected = (functional.silu(x @ gate) * (x @ up)) @ down
        names = {"W_gate": gate, "W_in": up, "W_out": down}
        weights = {f"blocks.0.mlp.{name}": rows(weight) for name, weight in names.items()}
        agree("feed-forward", config | {"act_fn": "silu", "gated_mlp": True}, {MID: x}, weights, expected)


def test_a_mixture_of_experts():
    for choose, config in cases(30):
        d, wide, n = config["d_model"], config["d_mlp"], config["n_ctx"]
        count = choose.randint(2, 4)
        kept = choose.randint(1, count)
        x, gate = torch.randn(n, d), torch.randn(d, count)
        up, down = torch.randn(count, d, wide), torch.randn(count, wide, d)
        top, which = functional.softmax(x @ gate, -1).topk(kept, -1)
        top = top / top.sum(-1, keepdim=True)
        every = functional.silu(x @ up) @ down  # (expert, pos, d_model)
        expected = sum(top[:, k, None] * every[which[:, k], torch.arange(n)] for k in range(kept))
        weights = {"blocks.0.mlp.W_gate": rows(gate)}
        for e in range(count):
            weights |= {
                f"blocks.0.mlp.experts.{e}.W_in": rows(up[e]),
                f"blocks.0.mlp.experts.{e}.W_out": rows(down[e]),
            }
        mixed = config | {"act_fn": "silu", "num_experts": count, "experts_per_token": kept}
        agree("feed-forward", mixed, {MID: x}, weights, expected)


def test_convolutions():
    for _, config in cases():
        n, d, wide = config["n_ctx"], config["d_model"], config["d_mlp"]
        first, second = shaken(torch.nn.Conv1d(d, wide, 1)), shaken(torch.nn.Conv1d(wide, d, 1))
        x = torch.randn(n, d)
        expected = second(getattr(functional, config["act_fn"])(first(x.T[None])))[0].T
        weights = {
            "blocks.0.mlp.W_in": rows(first.weight[:, :, 0].T), "blocks.0.mlp.b_in": rows(first.bias),
            "blocks.0.mlp.W_out": rows(second.weight[:, :, 0].T), "blocks.0.mlp.b_out": rows(second.bias),
        }  # fmt: skip
        agree("convolution", config, {MID: x}, weights, expected, "blocks.0.hook_conv_out")


def test_cross_entropy_and_its_gradient():
    for choose, config in cases():
        n, words = config["n_ctx"], choose.randint(1, 6)
        logits = torch.randn(n, words, requires_grad=True)
        right = [choose.randrange(words) for _ in range(n)]
        loss = functional.cross_entropy(logits, torch.tensor(right))
        functional.cross_entropy(logits, torch.tensor(right), reduction="sum").backward()
        for result, expected in (("loss", loss.reshape(1, 1)), ("logits.grad", logits.grad)):
            agree("cross-entropy", config, {"logits": logits}, {}, expected, result, tokens=[0, *right])


SMALL = {"d_model": 8, "n_heads": 2, "d_head": 4, "d_mlp": 16, "n_ctx": 5, "n_layers": 2, "d_vocab": 6, "eps": "1e-5"}


def forward(w, tokens, config=SMALL):
    """A pre-norm transformer on TransformerLens's parameters; without other options, a causal one."""
    config = {"attention_dir": "causal", "act_fn": "relu"} | config
    n, hidden = tokens.shape[-1], mask(config, tokens.shape[-1])

    def norm(x, at):
        return functional.layer_norm(x, x.shape[-1:], w[f"{at}.w"], w[f"{at}.b"], float(config["eps"]))

    x = w["embed.W_E"][tokens] + w["pos_embed.W_pos"][:n]
    for at in (f"blocks.{layer}" for layer in range(config["n_layers"])):
        y = norm(x, f"{at}.ln1")
        q, k, v = (torch.einsum("...nd,hde->...hne", y, w[f"{at}.attn.W_{c}"]) + w[f"{at}.attn.b_{c}"][:, None] for c in "QKV")  # fmt: skip
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        scores = scores if hidden is None else scores.masked_fill(hidden, -torch.inf)
        x = x + torch.einsum("...hne,hed->...nd", scores.softmax(-1) @ v, w[f"{at}.attn.W_O"]) + w[f"{at}.attn.b_O"]
        y = getattr(functional, config["act_fn"])(norm(x, f"{at}.ln2") @ w[f"{at}.mlp.W_in"] + w[f"{at}.mlp.b_in"])
        x = x + y @ w[f"{at}.mlp.W_out"] + w[f"{at}.mlp.b_out"]
    return norm(x, "ln_final") @ w["unembed.W_U"] + w["unembed.b_U"]


def parameters_of(config):
    """Every parameter of a `gpt`, and its shape."""
    parts = ("embed", "pos_embed", "ln_final", "unembed", *(f"blocks.{n}." for n in range(config["n_layers"])))
    shapes = parameter_shapes(Config.of(config))
    return {name: shape for name, shape in shapes.items() if name.startswith(parts) and ".bn." not in name}


def gradient_of(run, name, shape):
    """The gradient of a parameter in a run in base e, in PyTorch's shape: that of several heads together."""
    heads = has_heads(name) and not name.endswith("W_O")
    names = [f"{name}[{h}]" for h in range(shape[0])] if heads else [name]
    numbers = [[x for row in run.values(grad_name(each)) for x in row] for each in names]
    return torch.tensor(numbers).reshape(shape)


def test_the_gradients_of_a_whole_model():
    for choose, config in cases():
        config |= {"norm_position": "pre", "act_fn": choose.choice(["relu", "silu", "gelu"]), "d_vocab": choose.randint(2, 6),
                   "n_layers": choose.randint(1, 2)}  # fmt: skip
        n, words = config["n_ctx"], range(config["d_vocab"])
        tokens, target = (choose.choices(words, k=n) for _ in range(2))
        target = target if choose.random() < 0.5 else target[-1:]
        weights = {name: torch.nn.Parameter(torch.randn(shape)) for name, shape in parameters_of(config).items()}
        logits = forward(weights, torch.tensor(tokens), config)[-len(target) :]
        loss = functional.cross_entropy(logits, torch.tensor(target))
        loss.backward()
        given = {name: rows(weight) for name, weight in weights.items()}
        values = Values.of({"config": config, "weights": given, "tokens": tokens, "target": target})
        run = run_values("gpt", values, "float", backward=True)
        assert run.values("loss")[0][0] == pytest.approx(loss.item(), rel=1e-9)
        for name, weight in weights.items():
            torch.testing.assert_close(
                gradient_of(run, name, weight.shape), weight.grad, rtol=1e-8, atol=1e-10, msg=name
            )


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_a_trained_models_weights_give_its_logits(kind, tmp_path):
    """It learns to count on by two; then its file is run, in floats and in six decimals, each rounded once."""
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    shapes = parameters_of(SMALL)
    weights = {name: torch.nn.Parameter(torch.ones(shape) if name.endswith(".w") else 0.3 * torch.randn(shape)) for name, shape in shapes.items()}  # fmt: skip
    adam = torch.optim.Adam(weights.values(), lr=0.01)
    for _ in range(150):
        words = (torch.randint(6, (64, 1)) + torch.arange(6) * 2) % 6
        loss = functional.cross_entropy(forward(weights, words[:, :-1]).reshape(-1, 6), words[:, 1:].reshape(-1))
        adam.zero_grad()
        loss.backward()
        adam.step()
    saved = {name: weight.detach() for name, weight in weights.items()}
    config, path = json.dumps(SMALL), tmp_path / f"model.{kind}"
    if kind == "npz":
        np.savez(
            path, config=config, tokens="[1, 3, 5, 1, 3]", **{name: rows(weight) for name, weight in saved.items()}
        )
    else:
        safetensors.save_file(saved, path, {"config": config, "tokens": "[1, 3, 5, 1, 3]"})
    shortest = {name: torch.tensor(rows(weight).astype("U").astype(float)) for name, weight in saved.items()}
    expected = forward(shortest, torch.tensor([1, 3, 5, 1, 3]))
    assert expected.argmax(-1).tolist() == [3, 5, 1, 3, 5]
    for numbers, apart in (("float", 1e-12), ("decimal", 0.5e-6 + 1e-12)):
        logits = run_values("gpt", load_values(path), numbers, 6, "once").texts["logits"]
        ours = torch.tensor([[float(x) for x in row] for row in logits], dtype=torch.float64)
        torch.testing.assert_close(ours, expected, rtol=0, atol=apart)


def test_decimals_are_as_near_as_their_places():
    for _, config in cases(3):
        n, d = config["n_ctx"], config["d_model"]
        theirs, x = layer(torch.nn.TransformerEncoderLayer, config), torch.randn(n, d)
        weights = layer_weights(theirs, "blocks.0", config)
        expected = theirs(x[None], src_mask=mask(config, n))[0]
        agree("block", config, {X: x}, weights, expected, domain=Decimals(16), atol=1e-10)
