"""The command line: what it prints, and one clear line and the right exit code for what is wrong."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from byhand import cli
from byhand.cli import main
from byhand.errors import ConfigError
from byhand.options import Options

SHEETS = Path(__file__).resolve().parent.parent / "templates/worksheets"
Q = "blocks.0.attn.W_Q"
BYHAND = (sys.executable, "-m", "byhand.cli")


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str):
        return CliRunner().invoke(main, arguments)

    return run


@pytest.fixture
def values(tmp_path):
    def write(entries: object) -> str:
        path = tmp_path / "values.json"
        path.write_text(json.dumps(entries))
        return str(path)

    return write


def head(**changes):
    """A values file of one attention head, with changes."""
    entries = {
        "config": {"d_model": 2, "d_head": 1, "d_v": 1, "n_ctx": 2, "softmax_base": 2},
        "inputs": {"blocks.0.hook_resid_pre": [[1, 0], [0, 1]]},
        "weights": {f"blocks.0.attn.W_{x}": [[[1], [2]]] for x in "QKV"},
    }
    for key, value in changes.items():
        entries[key] = {**entries[key], **value}
    return entries


def test_list_names_every_sheet(command):
    assert re.search(r"^ +\d+  attention-head +\d+ min  One attention head$", command("list").output, re.MULTILINE)
    listed = {s["name"]: s["number"] for s in json.loads(command("list", "--json").output)}
    assert set(listed) == {path.stem for path in SHEETS.glob("*.md")}
    assert list(listed.values()) == sorted(set(listed.values())), "in the order of the course"


def test_show_tells_a_sheet_in_full(command):
    output = command("show", "gpt").output
    for part in (
        "A whole language model",
        "d_mlp=6",
        "the cat sat",
        " blanks, ",
        " A transformer block, ",
        "next token",
    ):
        assert part in output
    assert re.search(r"about \d+ min: \d+ blanks", output)


def test_show_tells_a_lecturer_of_routes_and_mistakes(command):
    output = command("show").output
    for part in ("90 minutes: ", "A week: 5 days", "A term: ", "An exam: ", " One attention head, ", "(n-minus-one)"):
        assert part in output
    assert "look for    softmax over the columns (softmax-over-columns)" in command("show", "attention-head").output
    assert "routes      90 min 4, week 3, term 5, exam 1" in command("show", "attention-head").output


def test_generate_says_what_it_wrote(command, tmp_path):
    result = command("generate", "attention-head", "--format", "html")
    assert result.output.splitlines() == [
        "output/attention-head-seed0/worksheet.html",
        "output/attention-head-seed0/key.html",
    ]
    assert (tmp_path / "output/attention-head-seed0/key.html").exists()


def test_generate_makes_the_flagship_and_all(command, tmp_path):
    command("generate", "--format", "json", "--out", "a")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["gpt-seed0"]
    command("generate", "--all", "--format", "json", "--out", "b")
    assert {p.name for p in (tmp_path / "b").iterdir()} == {f"{path.stem}-seed0" for path in SHEETS.glob("*.md")}


def test_run_prints_every_step(command, values):
    output = command("run", "attention-head", "--values", values(head())).output
    assert "blocks.0.attn.hook_pattern[0]  2 × 2  normalize_rows\n    1    0\n  1/5  4/5\n" in output


def test_run_writes_json_to_a_file_or_to_standard_output(command, values, tmp_path):
    file = values(head())
    command("run", "attention-head", "--values", file, "--json", "run.json")
    text = command("run", "attention-head", "--values", file, "--json", "-").output
    assert (tmp_path / "run.json").read_text() == text
    assert json.loads(text)["model"] == "attention-head"


def test_run_rounds_and_carries_with_decimals(command, values):
    entries = {"config": {"softmax_base": "e"}, "inputs": {"scores": [[0, 1]]}}
    text = command("run", "softmax", "--values", values(entries), "--numbers", "decimal", "--json", "-").output
    steps = {s["name"]: s["values"] for s in json.loads(text)["steps"]}
    assert steps == {
        "scores": [["0", "1"]], "softmax.exp": [["1", "2.72"]], "softmax.sum": [["3.72"]], "softmax": [["0.27", "0.73"]],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"), [("CAT", "C A T"), ("mat", "cat sat mat"), ("on the mat", "on the mat")]
)
def test_the_answers_spell_what_the_teacher_asks_for(command, answer, words):
    assert command("generate", "gpt", "--answer", answer, "--format", "html").exit_code == 0
    page = Path("output/gpt-seed1/key.html").read_text(encoding="utf-8")
    boxes = page[page.index('class="wordboxes"') :].partition("</table>")[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", boxes) == words.split()


def test_new_numbers_come_with_what_is_promised_of_them(command):
    command("generate", "gpt", "--seed", "7", "--format", "json")
    record = json.loads(Path("output/gpt-seed7/run.json").read_text(encoding="utf-8"))
    assert record["quality"]["largest_integer"] <= 9
    assert all(cells > 0 for cells in record["quality"]["foils"].values())
    words = record["tokens"]
    assert len(words) == 3


def test_foils_lists_the_classic_mistakes(command):
    lines = command("foils").output.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("mask-after-softmax "))
    assert lines[at].endswith(
        "  Softmax over all scores first, then 0 where the future was: rows no longer add up to 1."
    )
    assert lines[at + 1].strip() == "→ Set the hidden scores to −∞ first, and then take softmax over what is left."
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("generate", "atention-head"), "no sheet 'atention-head'; did you mean 'attention-head'?"),
        (("show", "x"), "no sheet 'x'; there are: adaptive-span, "),
        (("generate", "softmax-backward", "--seed", "0", "--tokens", "a,b"), "number of tokens: softmax-backward has 3, with spaces between them; “a,b” has 1"),
        (("generate", "linear-layer", "--seed", "1", "--tokens", "one two"), "number of tokens: linear-layer has 3, with spaces between them; “one two” has 2"),
        (("generate", "gpt", "--tokens", "the dog"), "token 'dog' is not in the vocabulary; its words are cat, down, mat,"),
        (("generate", "gpt", "--tokens", "the cat sat on"), "4 tokens are more than n_ctx=3; use fewer, or a larger n_ctx"),
        (("generate", "gpt", "--seed", "0", "--tokens", "the cat on"), "blocks.0.ln1.hook_scale, row 3, column 1: √(3/2) is not a "
         "rational number; use --numbers decimal"),
        (("generate", "gpt", "--softmax", "e"), "e is not a rational number; use --numbers decimal"),
        (("generate", "gpt", "--format", "html", "--out", "/proc/nowhere"), "cannot write to /proc/nowhere/gpt-seed0: "
         "No such file or directory; choose another folder"),
        (("generate", "gpt", "--answer", "HELLO"), "--answer 'HELLO' has 5 letters and the sentence 3 tokens; use a word of 3 "
         "letters, 3 words with spaces, or one of the vocabulary"),
        (("generate", "gpt", "--answer", "AAA"), "an answer that is 'A' after every token tells nothing apart; use one with another word"),
        (("generate", "gpt", "--answer", "A" * 10_000), "--answer holds 'AAAAAAAAAAAA...AAAAAAAAAAAAA'; a word has up to 60 characters"),
        (("generate", "gpt", "--answer", "a\x07b"), r"--answer holds 'a\x07b'; a word has up to 60 characters, all printable"),
        (("generate", "gpt", "--answer", "CAT", "--seed", "0"), "--answer needs new numbers; leave out --values,"),
        (("generate", "attention-head", "--answer", "mat"), "attention-head says no words, so it has no answer; use encoder-decoder, gpt, induction-head, llama-block, masked-words, microgpt, writing"),
        (("generate", "gpt", "--values", "none.json"), "none.json: No such file or directory"),
        (("generate", "gpt", "--format", "html", "--out", "a" * 300), f"cannot write to {'a' * 300}/gpt-seed0: File name too long; choose another"),
    ],
)  # fmt: skip
def test_what_cannot_be_generated_is_one_line(command, tmp_path, arguments, message):
    result = command(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.startswith("byhand: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (head(weights={Q: [[[1, 2], [3, 4]]]}), f"{Q} is 1 × 2 × 2; the config needs 1 × 2 × 1"),
        (head(weights={Q: [[[1], [2, 3]]]}), f"{Q} is ragged"),
        (head(weights={Q: [[["one"], [2]]]}), f"{Q}: 'one' is not a number"),
        (head(weights={Q: [[[float("nan")], [2]]]}), f"{Q}: 'NaN' is not a number"),
        (head(weights={"blocks.0.attn.WQ": [[[1], [2]]]}), "no parameter 'blocks.0.attn.WQ'; did you mean"),
        (head(config={"n_heads": 4, "d_head": 0, "d_model": 6}), "d_model=6 is not n_heads=4 × a whole d_head; use "
         "d_model=8 or n_heads=3, or give d_head"),
        (head(weights={"W_o": [[[1], [2]]]}), "no parameter 'W_o'; did you mean 'blocks.0.attn.W_O'?"),
        (head(config={"d_modell": 6}), "no config option 'd_modell'; did you mean 'd_model'?"),
        (head(inputs={"blocks.0.hook_resid_pree": [[1, 2], [3, 4]]}), "no step 'blocks.0.hook_resid_pree'; did you mean"),
        (head(inputs={"blocks.0.attn.mask": [["-inf", "-inf"], [0, 0]]}), "row 1 adds up to 0: every one of its scores is "
         "masked"),
        (head(config={"d_head": 2}, weights={f"blocks.0.attn.W_{x}": [[[1, 0], [2, 1]]] for x in "QK"}),
         "√(2) is not a rational number; use --numbers decimal"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_one_line(command, values, entries, message):
    result = command("run", "attention-head", "--values", values(entries))
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_among_several_sheets_the_one_that_cannot_be_made_is_named(command):
    result = command("generate", "mlp", "sizing", "--numbers", "symbolic", "--seed", "3", "--format", "html")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("byhand: sizing has no letters; with --numbers symbolic, ask")


def test_an_unknown_model_is_one_line(command, values):
    result = command("run", "atention-head", "--values", values(head()))
    assert result.exit_code == 1
    assert result.stderr == "byhand: no model 'atention-head'; did you mean 'attention-head'?\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "--numbers", "roman"), ("generate", "--format", "odt"), ("generate", "--format", ""),
        ("generate", "--seed", "-1"), ("generate", "gpt", "--all"), ("run", "gpt"), ("nothing",),
        ("generate", "--places", "99"), ("generate", "--paper", "a5"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2(command, arguments):
    assert command(*arguments).exit_code == 2


def test_a_traceback_is_there_for_who_asks(command):
    assert command("--debug", "show", "x").exception.__class__.__name__ == "UnknownNameError"


def test_a_book_is_one_folder_of_pages_and_runs(command, tmp_path):
    result = command("generate", "layer-norm", "feed-forward", "--book", "--view", "key", "--format", "html,json")
    assert result.exit_code == 0, result.output
    assert [Path(line).relative_to("output/book-seed0").as_posix() for line in result.output.splitlines()] == [
        "index.html", "lecturer.html", "layer-norm-key.html", "feed-forward-key.html", "layer-norm-run.json", "feed-forward-run.json",
    ]  # fmt: skip
    assert all((tmp_path / line).exists() for line in result.output.splitlines())


def test_a_class_says_where_it_is_and_what_its_copies_share(command, tmp_path):
    (tmp_path / "class.csv").write_text("Name;ID\nAda;1\nGrace;2\n", encoding="utf-8-sig")
    done = command("class", "attention-head", "--roster", str(tmp_path / "class.csv"), "--out", str(tmp_path))
    assert done.stdout == f"{tmp_path / 'attention-head-class0'}\n"
    assert re.match(r"2 students, [12] sets of numbers, each renamed for every student\n", done.stderr)
    assert "the same in every copy of a set: S, M, P, s, A\n" in done.stderr


def test_a_class_needs_a_roster_or_a_number(command, tmp_path):
    for asked in ((), ("--roster", "x.csv", "--anonymous", "3")):
        wrong = command("class", "layer-norm", *asked)
        assert wrong.exit_code == 2
        assert "give --roster FILE or --anonymous N" in wrong.output
    both = command("class", "layer-norm", "--anonymous", "1", "--seed", "0", "--secret", "s")
    assert (both.exit_code, "give --seed or --secret, not both" in both.output) == (2, True)
    missing = command("class", "layer-norm", "--roster", "x.csv")
    assert (missing.exit_code, missing.output) == (1, "byhand: x.csv: No such file or directory\n")


@pytest.mark.parametrize("digits", [19, 4000, 5000])
def test_a_seed_has_room_at_the_foot_of_a_page(command, digits):
    for arguments in (("generate", "gpt"), ("class", "gpt", "--anonymous", "1")):
        result = command(*arguments, "--seed", "9" * digits)
        assert result.exit_code == 2
        assert result.stderr.endswith(f"'--seed': it has {digits:,} digits; a seed has up to 18\n")
    with pytest.raises(ConfigError, match=r"^a page has room for a seed of up to 18 digits$"):
        Options(seed=10**digits - 1)


def test_every_line_for_a_person_is_made_safe_for_a_terminal():
    """In one place, which all but JSON goes through."""
    source = Path(cli.__file__).read_text(encoding="utf-8")
    assert re.findall(r"(?:print|echo)\((\w+)", source) == ["escaped", "text"]


def test_a_class_makes_its_secret_and_verify_takes_it(command, tmp_path):
    asked = "class", "layer-norm", "--anonymous", "1", "--secret", "s"
    assert command(*asked).stderr.startswith(
        "byhand: made the secret s; keep it: without it, nobody can make these numbers again\n"
    )
    assert "secret" not in command(*asked).stderr
    (page,) = Path("output/layer-norm-class/keys").iterdir()
    assert command("verify", "--secret", "s", str(page)).output.endswith("cells with numbers: right\n")
    missing = command("verify", "--secret", "x", str(page))
    assert (missing.exit_code, missing.output) == (
        1,
        "byhand: the secret x cannot be read: No such file or directory\n",
    )


MADE = ("generate", "dot-product", "--format", "txt", "--out")
PRINTING = [
    ("list",), ("list", "--json"), ("--help",), ("generate", "--help"), ("mark", "--blank", "softmax"), MADE
]  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("arguments", PRINTING)
def test_a_full_standard_output_is_one_line(arguments, tmp_path):
    asked = [*BYHAND, *arguments, *[str(tmp_path)] * (arguments is MADE)]
    with open("/dev/full", "w") as full:
        made = subprocess.run(asked, stdout=full, stderr=subprocess.PIPE, text=True)
    assert made.returncode == 1
    assert made.stderr == (
        "byhand: cannot write to standard output: No space left on device; send it to another file\n"
    )


def test_a_closed_standard_output_is_one_line_before_anything_is_written(tmp_path):
    asked = [*BYHAND, *MADE, str(tmp_path)]
    made = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *asked], capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (
        1, "byhand: standard output is closed; send it to a file, or to /dev/null\n",
    )  # fmt: skip
    assert not [*tmp_path.iterdir()]


def test_a_closed_standard_error_keeps_nothing_from_being_done(tmp_path):
    asked = [*BYHAND, "class", "dot-product", "--anonymous", "1", "--out", str(tmp_path)]
    made = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *asked], capture_output=True, text=True)
    assert (made.returncode, made.stdout) == (0, f"{tmp_path / 'dot-product-class0'}\n")


SWALLOWING = """
import signal, time
from byhand.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it

class Swallowing:
    def __del__(self):
        wait()

def wait(said=""):
    print(said, end="", flush=True)
    while True:
        time.sleep(0.01)

@main.command()
def swallow():
    for said in ("begun\\n", ""):
        try:
            wait(said)
        except BaseException:
            pass
    Swallowing()
    try:
        wait()
    finally:
        time.sleep(0.3)  # meanwhile the signal is sent again
        print("ended in order", flush=True)

main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 1)])
def test_an_interrupt_ends_the_program_though_code_swallows_it(number, code):
    with subprocess.Popen(
        [sys.executable, "-c", SWALLOWING, "swallow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as made:
        begun = made.stdout.readline()
        made.send_signal(number)
        rest, errors = made.communicate(timeout=60)
    assert (begun, rest) == ("begun\n", "ended in order\n")
    assert made.returncode == code
    assert errors.strip() in ("", "Aborted!")
