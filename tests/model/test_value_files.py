"""Values files on disk: four formats, one meaning; and what is no values file ends in one clear line."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from byhand.errors import ValuesError
from byhand.model.files import load_entries
from byhand.model.weights import Values, numbers

W_Q = "blocks.0.attn.W_Q"
CONFIG = {"d_model": 2, "d_head": 1, "n_ctx": 2}
ARRAY = np.array([[[0.1], [-2]]], dtype="float32")
RESID = np.array([[1, 2], [3, 4]])
MEANT = {f"{W_Q}[0]": ((0.1,), (-2,)), "blocks.0.hook_resid_pre": ((1, 2), (3, 4))}


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


FORMATS = {
    "v.toml": f"""
        tokens = ["the", "cat"]
        config = {{d_model = 2, d_head = 1, n_ctx = 2}}
        weights."{W_Q}" = [[[0.1], [-2]]]
        inputs."blocks.0.hook_resid_pre" = [[1, 2], [3, 4]]
        """,
    "v.json": json.dumps(
        {
            "tokens": "the cat", "config": CONFIG, "weights": {W_Q: [[[0.1], [-2]]]},
            "inputs": {"blocks.0.hook_resid_pre": RESID.tolist()},
        }
    ),
    "v.npz": npz(
        **{W_Q: ARRAY, "inputs/blocks.0.hook_resid_pre": RESID}, config=json.dumps(CONFIG), tokens=np.array(["the", "cat"])
    ),
    "v.safetensors": save(
        {W_Q: ARRAY, "inputs/blocks.0.hook_resid_pre": RESID},
        metadata={"config": json.dumps(CONFIG), "tokens": '["the", "cat"]', "format": "pt"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_the_formats_say_the_same(file, name):
    values = Values.of(load_entries(file(name, FORMATS[name])))
    assert (values.tokens, values.config.d_head, values.config.n_ctx) == (("the", "cat"), 1, 2)
    assert {k: tuple(tuple(map(float, row)) for row in rows) for k, rows in numbers(values).items()} == MEANT
    assert numbers(values)[f"{W_Q}[0]"][0][0] * 10 == 1  # not float32's 0.100000001…


def test_floats_are_the_shortest_decimals_of_their_own_precision(file):
    written = {t: np.array([1 / 3, 1e-5, 3], dtype=t) for t in ("float16", "float32", "float64")}
    found = load_entries(file("v.npz", npz(**written)))["weights"]
    assert found["float32"] == ["0.33333334", "1e-05", "3.0"]
    assert found["float16"] == ["0.3333", "1e-05", "3.0"]
    assert [float(x) for x in found["float64"]] == [1 / 3, 1e-5, 3]


def test_bfloat16_is_read_as_float32(file):
    header = json.dumps({"b": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    content = struct.pack("<Q", len(header)) + header + np.array([0x3FC0, 0xC000], dtype="<u2").tobytes()
    assert load_entries(file("v.safetensors", content))["weights"] == {"b": ["1.5", "-2.0"]}


@pytest.mark.parametrize("name", ["v.npz", "v.safetensors"])
def test_the_buffers_that_transformerlens_saves_are_no_weights(file, name):
    arrays = {
        W_Q: ARRAY, "blocks.0.attn.mask": np.ones((2, 2), dtype=bool), "blocks.0.attn.IGNORE": np.array(-np.inf, "f4"),
        "inputs/blocks.0.attn.mask": RESID,
    }  # fmt: skip
    entries = load_entries(file(name, npz(**arrays) if name == "v.npz" else save(arrays)))
    assert (list(entries["weights"]), list(entries["inputs"])) == ([W_Q], ["blocks.0.attn.mask"])


def test_an_array_in_the_order_of_columns_is_the_same_matrix(file):
    matrix = np.arange(6.0).reshape(2, 3)
    assert load_entries(file("v.npz", npz(a=np.asfortranarray(matrix), b=matrix)))["weights"] == {
        name: [["0.0", "1.0", "2.0"], ["3.0", "4.0", "5.0"]] for name in "ab"
    }


def test_a_second_file_adds_to_the_first(file):
    weights = file("w.npz", npz(**{W_Q: ARRAY}))
    rest = file("rest.toml", "tokens = [0]\nconfig.d_model = 2\nconfig.d_head = 1")
    more = file("more.json", '{"config": {"n_ctx": 1}, "tokens": [1]}')
    entries = load_entries(weights, rest, more)
    assert entries["config"] == {"d_model": 2, "d_head": 1, "n_ctx": 1}
    assert (entries["tokens"], list(entries["weights"])) == ([1], [W_Q])


def test_arrays_may_be_given_from_python():
    assert numbers(Values.of({"config": CONFIG, "weights": {W_Q: ARRAY}}))[f"{W_Q}[0]"][0][0] * 10 == 1
    with pytest.raises(ValuesError, match=r"W_Q is 2 × complex64; give up to 100,000 integers or floats"):
        Values.of({"config": CONFIG, "weights": {W_Q: ARRAY.astype("complex64")}})


# ---- what is no values file, or a hostile one ----


def npy(descr="<f4", shape="(2,)", data=b"\0" * 8, version=b"\1\0"):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header + data


def archive(*members, packed=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed, compresslevel=1) as file:
        for name, content in members:
            file.writestr(name, content)
    return stream.getvalue()


def tensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def pickled():
    stream = io.BytesIO()
    np.savez(stream, a=np.array([{"a": 1}], dtype=object))
    return stream.getvalue()


HOSTILE = [
    ("v.toml", "a = ", "v.toml does not parse: Invalid value (at end of document)"),
    ("v.toml", "a=" + "[" * 400_000, "v.toml does not parse: maximum recursion depth exceeded"),
    ("v.toml", ".".join("a" * 200_000) + "=1", "v.toml: a name has more than 30 parts; put it in quotes"),
    ("v.toml", ".".join("1" * 200_000) + "=1", "v.toml: a name has more than 30 parts; put it in quotes"),
    ("v.toml", "#" * 600_000, "v.toml has over 500 kB; a sheet needs a few"),
    ("v.toml", "a = " + "9" * 5000, "v.toml: a number of thousands of digits is too long for any sheet"),
    ("v.toml", b"\xff", "v.toml does not parse: 'utf-8' codec can't decode byte 0xff"),
    ("v.json", "{", "v.json does not parse: Expecting property name"),
    ("v.json", "[" * 1_000_000, "v.json does not parse: maximum recursion depth exceeded"),
    ("v.json", '{"a":' * 500_000, "v.json does not parse: maximum recursion depth exceeded"),
    ("v.json", '{"weights": {"a": [1], "a": [2]}}', "v.json: 'a' stands there twice; a name has one value"),
    ("v.json", b" " * 4_000_001, "v.json has over 4,000 kB; a sheet needs a few"),
    ("v.npz", b"PK\x03\x04", "v.npz does not parse: File is not a zip file"),
    ("v.npz", b"", "v.npz does not parse: File is not a zip file"),
    ("v.npz", pickled(), "v.npz: 'a' holds 'object'; save it as float32"),
    ("v.npz", archive(("a.npy", npy(shape="(1000000000,)"))), "v.npz: 'a' has more than 100,000 entries"),
    ("v.npz", archive(("a.npy", npy(shape="(99999,)"))), "v.npz: 'a' does not hold the numbers that its header tells of"),
    ("v.npz", archive(("a.npy", npy(shape="(-1,)"))), "v.npz: 'a' has the shape (-1,); a size is a whole number from 0 on"),
    ("v.npz", archive(("a.npy", npy(shape="(1,)"))), "v.npz: 'a' does not hold the numbers that its header tells of"),
    ("v.npz", lambda: archive(("a.npy", npy(data=b"\0" * 300_000_000))), "v.npz: 'a' does not hold the numbers that"),
    ("v.npz", archive(("a.npy", npy(descr="|O"))), "v.npz: 'a' holds 'object'; save it as float32"),
    ("v.npz", archive(("a.npy", npy(descr="<U9"))), "v.npz: 'a' holds '<U9'; save it as float32"),
    ("v.npz", archive(("a.npy", npy(shape="(" * 5000))), "v.npz does not parse: "),
    ("v.npz", archive(("a.npy", b"nothing")), "v.npz does not parse: "),
    ("v.npz", archive(("a.npy", npy()), packed=zipfile.ZIP_LZMA), "v.npz: 'a' is packed in another way than numpy's"),
    ("v.npz", archive(("tokens.npy", npy("<U500000", "(1,)", b"\0" * 2_000_000))), "v.npz: 'tokens' has over 1,000 kB of text"),
    ("v.npz", archive(*((f"{n}.npy", npy()) for n in range(2001)), packed=0), "v.npz: more than 2,000 arrays"),
    ("v.npz", npz(config="{"), "v.npz does not parse: Expecting property name"),
    ("v.npz", npz(**{str(n): np.zeros(100_000, "i1") for n in range(11)})[:4_000_000], "v.npz: more than 1,000,000 numbers"),
    ("v.safetensors", b"", "v.safetensors does not parse: "),
    ("v.safetensors", struct.pack("<Q", 10**15) + b"{}", "v.safetensors does not parse: "),
    ("v.safetensors", tensors({"a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}}), "v.safetensors does not parse: "),
    ("v.safetensors", tensors({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 0]}}), "v.safetensors does not parse: "),
    ("v.safetensors", tensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}, b"\0" * 8), "v.safetensors does not parse: "),
    ("v.safetensors", tensors({"a": {"dtype": "I8", "shape": [200_000], "data_offsets": [0, 200_000]}}, b"\0" * 200_000),
     "v.safetensors: 'a' has more than 100,000 entries; a worksheet has a hundred"),
    ("v.safetensors", tensors({"a": {"dtype": "BOOL", "shape": [1], "data_offsets": [0, 1]}}, b"\0"), "v.safetensors: a holds BOOL; save it as float32"),
    ("v.safetensors", save({"a": RESID}, metadata={"config": "{"}), "v.safetensors does not parse: Expecting property name"),
    ("model.pt", b"\x80\x02", "model.pt may hold a program; save the weights as safetensors (safetensors.torch.save_file) or npz"),
    ("v.yaml", "", "v.yaml is neither .toml, .json, .npz nor .safetensors"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), HOSTILE, ids=[f"{n}-{m[:50]}" for n, _, m in HOSTILE])
def test_what_is_no_values_file_is_one_line(file, name, content, message):
    with pytest.raises(ValuesError) as caught:
        load_entries(file(name, content() if callable(content) else content))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["v.json", "v.npz", "v.safetensors", "v.toml"])
def test_a_file_of_ten_gigabytes_or_without_an_end_is_not_read(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(10**10)  # sparse: no such disk is needed
    with pytest.raises(ValuesError, match=r"has over (4,000|500) kB; a sheet needs a few"):
        load_entries(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(ValuesError, match=r"has over (4,000|500) kB; a sheet needs a few"):
        load_entries(path)


MEMORY, SECONDS = 600 * 2**20, 20


def heavy():
    """Files that would take gigabytes or minutes: made by the test alone, since whoever imports this file waits for it."""
    return {
        "lists.json": b'{"weights": {"embed.W_E": [' + b"[]," * 1_333_000 + b"1]}}",
        "tables.json": b'{"weights": {"embed.W_E": [' + b"{}," * 1_333_000 + b"1]}}",
        "names.json": json.dumps({"weights": {f"w{n}": 1 for n in range(20_000)}, "config": {"n_layers": 1000}}).encode(),
        "more names.json": json.dumps({"weights": {f"w{n}": 1 for n in range(200_000)}}).encode(),
        "steps.json": json.dumps({"inputs": {f"w{n}": [[1]] for n in range(20_000)}}).encode(),
        "options.json": json.dumps({"config": {f"w{n}": 1 for n in range(150_000)}}).encode(),
        "words.json": json.dumps({"tokens": ["\ud800"] * 100_000, "vocabulary": ["a"] * 100_000}).encode(),
        "deep.json": b'{"weights": {"embed.W_E": ' + b"[" * 900 + b"]" * 900 + b"}}",
        "digits.json": b'{"inputs": {"scores": [[' + b"1" * 1000 + b"/" + b"3" * 1000 + b"]]}}",
        "digits2.json": b'{"inputs": {"scores": [["' + b"1" * 1000 + b"/" + b"3" * 1000 + b'"]]}}',
        "range.json": b'{"inputs": {"scores": [[1e999]]}}',
        "nan.json": b'{"inputs": {"scores": [[NaN]]}}',
        "bomb.npz": archive(("embed.W_E.npy", npy(data=b"\0" * 500_000_000))),
        "sizes.json": json.dumps({"config": {"n_ctx": 10_000, "d_model": 10_000}, "inputs": {"scores": [[1]]}}).encode(),
    }  # fmt: skip


RUN = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from byhand.cli import main
for name in sys.argv[1:]:
    try:
        main(["run", "softmax", "--values", name], standalone_mode=False)
    except BaseException as error:
        if not isinstance(error, SystemExit):
            print(name, repr(error)[:300], file=sys.stderr)
"""


def test_hostile_values_end_in_a_line_each_within_bounds(tmp_path):
    files = heavy()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    code = RUN.format(memory=MEMORY, seconds=SECONDS)
    done = subprocess.run(
        [sys.executable, "-c", code, *files], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(lines) == len(files), done.stderr[-2000:]
    assert all(line.startswith("byhand: ") and len(line) < 9000 for line in lines)
