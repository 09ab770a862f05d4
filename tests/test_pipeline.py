"""From a name to files: which, the same bytes everywhere, and all or none."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from every_sheet import FULL, LETTERED, made

import byhand
from byhand.book import book
from byhand.errors import ConfigError, OutputError, ValuesError
from byhand.files import output_errors, write
from byhand.model.files import load_entries
from byhand.options import Options, views_asked
from byhand.own_numbers import load_values
from byhand.pipeline import generate, prepare
from byhand.worksheet.sheet import load_sheet

EXACT = "byhand", "generate", "attention-head"


def test_the_files_of_a_sheet(tmp_path):
    files = generate("attention-head", Options(), tmp_path)
    names = ["worksheet.html", "worksheet.pdf", "key.html", "key.pdf", "run.json"]
    assert files == [tmp_path / "attention-head-seed0" / name for name in names]
    assert sorted(p.name for p in files[0].parent.iterdir()) == sorted(names)


def test_a_seed_with_the_numbers_of_another_says_so(tmp_path):
    """Of attention-head, seeds 161 and 162 differ in a matrix that no page prints, and in nothing else."""
    told = []
    for seed in (161, 163, 162, 162):
        generate("attention-head", Options(seed=seed, formats=("json",)), tmp_path, told.append)
    same = "attention-head-seed162 has the same numbers as attention-head-seed161, which stands beside it"
    assert [line.partition(";")[0] for line in told] == [same, same]


def test_worked_comes_with_worksheet_and_key():
    assert views_asked(None) == ("worksheet", "key")
    assert views_asked("key") == ("key",)
    assert views_asked("worked") == ("worksheet", "key", "worked")


def test_run_json_holds_every_step_and_reads_back(tmp_path):
    (file,) = generate("gpt", Options(formats=("json",)), tmp_path)
    record = json.loads(file.read_text())
    assert {k: record[k] for k in ("schema", "sheet", "model", "seed", "numbers", "tokens")} == {
        "schema": 2, "sheet": "gpt", "model": "gpt", "seed": 0, "numbers": "exact", "tokens": ["the", "cat", "sat"],
    }  # fmt: skip
    steps = {step["name"]: step for step in record["steps"]}
    assert steps["next_token"]["values"] == [["0"], ["4"], ["1"]]
    assert steps["blocks.0.attn.hook_z[0]"] == {
        "name": "blocks.0.attn.hook_z[0]", "op": "matmul",
        "inputs": ["blocks.0.attn.hook_pattern[0]", "blocks.0.attn.hook_v[0]"],
        "shape": [3, 2], "axes": ["pos", "d_v"], "part": "heads",
        "rule": ["bigsum", "k", 3, ["mul", ["ref", "blocks.0.attn.hook_pattern[0]", "i", "k"],
                                    ["ref", "blocks.0.attn.hook_v[0]", "k", "j"]]],
        "values": [["3", "-1"], ["-1", "-1"], ["-1", "0"]],
    }  # fmt: skip
    assert steps["embed.W_E"]["op"] == "given"
    for step in record["steps"]:
        assert [len(step["values"]), len(step["values"][0])] == step["shape"]


def test_a_sheets_own_numbers_can_be_replaced(tmp_path):
    values = tmp_path / "v.toml"
    values.write_text('inputs."blocks.0.hook_resid_pre" = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]')
    options = Options(values=load_entries(values), numbers="decimal")
    _, run = prepare(load_sheet("attention-head"), options)
    assert run.config.d_v == 2
    rows = (("0", "2", "0", "0"), ("1", "-2", "2", "-2"), ("0", "0", "-2", "0"))
    assert run.texts["blocks.0.attn.hook_q[0]"] == rows


def test_the_python_verbs_are_the_command_lines(tmp_path):
    assert byhand.generate("attention-head", byhand.Options(formats=("json",)), tmp_path)
    values = byhand.load_values(
        _values(tmp_path, "v.json", {"inputs": {"scores": [[1, 3]]}, "config": {"softmax_base": 2}})
    )
    assert byhand.run("softmax", values).texts["softmax"] == (("1/5", "4/5"),)
    with pytest.raises(AttributeError):
        byhand.nothing  # noqa: B018


def test_decimals_of_a_values_file_are_exactly_as_written(tmp_path):
    for name, text in (
        ("v.json", '{"inputs": {"scores": [[0.1, 1e-2]]}}'),
        ("v.toml", "inputs.scores = [[0.1, 1e-2]]"),
    ):
        (tmp_path / name).write_text(text)
        assert load_values(tmp_path / name).inputs == {"scores": [["0.1", "1e-2"]]}


def _values(folder: Path, name: str, entries: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("v.toml", "a = ", "v.toml does not parse: Invalid value (at end of document)"),
        ("v.json", "{", "v.json does not parse: Expecting property name"),
        ("v.json", "[" * 100_000, "v.json does not parse: maximum recursion depth"),
        ("v.json", '{"inputs": {"scores": [[NaN]]}}', "is not a number"),
        ("v.json", '{"inputs": {"scores": [[' + "9" * 10_000 + "]]}}", "10000 characters is too long"),
        ("v.yaml", "", "v.yaml is neither .toml, .json, .npz nor .safetensors"),
        ("v.json", '{"weight": {}}', "no entry of a values file 'weight'; did you mean 'weights'?"),
    ],
)
def test_what_is_wrong_with_a_values_file_is_said(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(byhand.errors.ByHandError) as error:
        byhand.run("softmax", load_values(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_sizes_alone_get_new_numbers():
    wider = {"config": {"d_model": 8, "d_v": 4}}
    _, run = prepare(load_sheet("gpt"), Options(values=wider, seed=3))
    assert run.config.d_model == 8
    assert run.quality is not None
    assert run.quality["ugly"] <= 2
    with pytest.raises(ConfigError, match=r"LayerNorm of 3 features is never rational; use d_model=4"):
        prepare(load_sheet("layer-norm"), Options(values={"config": {"d_model": 3}}, seed=3))


def test_a_values_file_that_is_not_there(tmp_path):
    with pytest.raises(ValuesError, match="No such file or directory"):
        load_values(tmp_path / "v.json")


def run(folder: Path, *options: str, **environment: str) -> dict[str, str]:
    """Generate in a process of its own; the files' hashes."""
    command = [sys.executable, "-m", "byhand.cli", "generate", *options, "--out", "out"]
    folder.mkdir(exist_ok=True)
    subprocess.run(command, cwd=folder, check=True, env={**os.environ, **environment}, capture_output=True)
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((folder / "out").rglob("*.*"))}


@pytest.mark.parametrize(
    "options",
    [
        ("gpt", "--format", "html,json"),
        *([("attention-head",), ("attention-head", "--numbers", "symbolic")] if FULL else []),
        ("kv-cache", "--format", "md,txt,tex,ipynb,xlsx,page,moodle,canvas,qti"),
    ],
)
def test_the_same_options_give_the_same_bytes_everywhere(tmp_path, options):
    here = run(tmp_path / "a", *options, "--no-cache", PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    there = run(tmp_path / "b b", *options, "--no-cache", PYTHONHASHSEED="11", LC_ALL="C.UTF-8", TZ="Asia/Tokyo")
    assert here == there
    assert here


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path):
    """The limit on a file's size fails in the same place as a full disk: while writing."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
        "from byhand.cli import main; main()"
    )
    old = tmp_path / "out" / "attention-head-seed0" / "run.json"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    command = [sys.executable, "-c", code, "generate", "attention-head", "--format", "html,json", "--out", "out"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1
    assert (
        result.stderr == "byhand: cannot write to out/attention-head-seed0: File too large; choose another folder\n"
    )
    assert [p.name for p in old.parent.iterdir()] == ["run.json"]
    assert old.read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_one_line(tmp_path):
    def fill() -> None:
        with output_errors(tmp_path), open("/dev/full", "wb") as device:
            device.write(b"x")

    with pytest.raises(OutputError, match="No space left on device"):
        fill()


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"cannot write to .*out/x: Not a directory"):
        write(tmp_path / "out" / "x", {"a": b""})


def test_files_are_replaced_together(tmp_path):
    write(tmp_path, {"a": b"1", "b": b"1"})
    (tmp_path / "c").mkdir()
    with pytest.raises(OutputError):
        write(tmp_path, {"a": b"2", "c": b"2"})  # c is a folder
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_sheet_without_letters_is_refused_in_letters_and_those_that_have_some_are_named(tmp_path):
    lettered = r"ask for linear-layer, mlp, .*attention-in-letters, rotary$"
    for make in (generate, lambda sheet, *rest: book(["mlp", sheet], *rest)):
        for values in (None, {"config": {"n_ctx": 3}}):
            options = Options(numbers="symbolic", formats=("json",), values=values)
            with pytest.raises(ConfigError, match=f"^sizing has no letters; with --numbers symbolic, {lettered}"):
                make("sizing", options, tmp_path)
    own = {"inputs": {"u": [["p", 2]], "v": [[3, 4]]}}
    (file,) = generate("dot-product", Options(numbers="symbolic", formats=("json",), values=own), tmp_path)
    assert "3*p + 8" in file.read_text()


@pytest.mark.parametrize("sheet", LETTERED)
def test_a_sheet_that_takes_letters_prints_some(sheet):
    run = made(sheet, numbers="symbolic")[1]
    kept = {name for name, step in run.steps.items() if step.op is not None}
    assert any(re.search("[a-z]", text) for name in kept for row in run.texts[name] for text in row if text != "-inf")
