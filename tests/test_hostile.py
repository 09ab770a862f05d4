"""Somebody else's sheets, templates and words: they read no files, reach no network, run nothing, and come to an end."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byhand.deadline import deadline
from byhand.errors import ByHandError, LimitError, OutputError, SheetError, ValuesError
from byhand.files import write
from byhand.formats.html.page import Pages, _environment
from byhand.model.files import _json, _npz, _safetensors, _toml
from byhand.model.weights import Values, numbers
from byhand.notation.inline import inline, spoken
from byhand.notation.number import parse
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.press import engine
from byhand.press import printing as pdf_module
from byhand.worksheet import messages as messages_module
from byhand.worksheet import sandbox
from byhand.worksheet.sheet import load_sheet, parse_sheet

FRONT = "title: T\nmodel: softmax\ngoal: G\nconfig: {softmax_base: 2}\ninputs: {scores: [[0, 1]]}\n"
ASK = "\n\n{{ ask('softmax') }}\n"


def page(body, front=FRONT, **options):
    """What a sheet's key looks like on a screen."""
    document, run = prepare(parse_sheet("x", f"---\n{front}---\n## A\n\n{body}{ASK}"), Options(**options))
    return Pages(lower(document, run)).html("key", "screen")


def main_part(html):
    return html[html.index("<body") :]


TOO_MUCH = "it repeats too much, or makes too long a text; a page is shorter"
DOUBLING = "{% set x = x ~ x %}"
STOPPED = {
    "{{ hint(1e999) }}": "name 'inf' is not defined",
    "{{ ''.__class__.__mro__ }}": "access to attribute '__class__' of 'str' object is unsafe",
    "{{ config.__init__.__globals__ }}": "access to attribute '__init__' of 'Config' object is unsafe",
    "{{ ask.__closure__ }}": "access to attribute '__closure__' of 'function' object is unsafe",
    "{{ '{0.__class__}'.format(config) }}": "access to attribute 'format' of 'str' object is unsafe",
    "{{ '{:1000000000}'.format(1) }}": "access to attribute 'format' of 'str' object is unsafe",
    "{{ '{a}'.format_map({'a': 1}) }}": "access to attribute 'format_map' of 'str' object is unsafe",
    "{{ 'a'.ljust(10**9) }}": "access to attribute 'ljust' of 'str' object is unsafe",
    "{{ 'a'.encode() }}": "access to attribute 'encode' of 'str' object is unsafe",
    "{{ [1].append(2) }}": "access to attribute 'append' of 'list' object is unsafe",
    "{{ ''|attr('__class__') }}": "No filter named 'attr'",
    "{{ 'a'|center(10**9) }}": "No filter named 'center'",
    "{{ [1]|slice(10**9)|list }}": "No filter named 'slice'",
    "{{ range(99999)|map('string')|join }}": "No filter named 'map'",
    "{% include '/etc/passwd' %}": "no loader for this environment specified",
    "{% import 'x' as y %}": "no loader for this environment specified",
    "{% debug %}": "Encountered unknown tag 'debug'",
    "{{ lipsum() }}": "'lipsum' is undefined",
    "{{ self._TemplateReference__context }}": "is unsafe",
    "{% for i in range(10**9) %}{% endfor %}": "Range too big",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}": TOO_MUCH,
    "{% for i in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}": "the sheet does not end",
    "{{ 'a' * 10**9 }}": TOO_MUCH,
    "{{ 10**9 * 'a' }}": TOO_MUCH,
    "{{ ([1] * 10**9)|length }}": TOO_MUCH,
    "{{ 10**10**65 }}": "a number before or after ** is too large",
    "{% set x = 10**18 %}" + "{% set x = x * x %}" * 9: "a number before or after * is too large",
    "{{ '%1000000000d' % 1 }}": "% is for numbers",
    "{% set x = 'aaaaaaaaaa' %}" + DOUBLING * 32: TOO_MUCH,
    "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}": TOO_MUCH,
    "{% set x = 1 %}" + "{% set x = (x, x) %}" * 60 + "{{ x in [1] }}": TOO_MUCH,
    "{% set x = 1 %}" + "{% set x = {1: x, 2: x} %}" * 60: TOO_MUCH,
    "{% set x = [1] %}" + "{% set x = [x] * 9 %}" * 60: TOO_MUCH,
    "{% macro f(n) %}{{ f(n - 1, varargs, varargs) if n else varargs }}{% endmacro %}{{ f(40) }}": TOO_MUCH,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 32: TOO_MUCH,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = [x, x]|join %}" * 32: TOO_MUCH,
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x|replace('a', x) %}" * 9: TOO_MUCH,
    "{% set x %}aaaaaaaaaa{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 32: TOO_MUCH,
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}": TOO_MUCH,
    "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(1) }}": "the sheet does not end",
    "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}": "the sheet does not end",
    "$" + "{" * 9000 + "$": "the sheet does not end",
    "$" + r"\sqrt" * 900 + "$": "a formula has 4,500 characters; 500 are enough for any page",
    "{{ 'a' * 10**6 }}": "the sheet makes 1,000,0",
    "{{ lines(10**9, 'a') }}": "1000000000 lines are more than a page has; use up to 60",
    "## H\n\n" * 20_000: "x.md: the sheet has 20,002 headings, paragraphs and entries; 1,000 are the most",
    "- a\n" * 20_000: "x.md: the sheet has 20,002 headings, paragraphs and entries; 1,000 are the most",
    "x" * 60_000: "x.md: a paragraph has 60,000 characters; 5,000 are the most",
    "*a* b " * 30_000: "x.md: a paragraph has 179,999 characters; 5,000 are the most",
    "{{ hint('a' * 60_000) }}": "a paragraph has 60,000 characters; 5,000 are the most",
    "{{ table(['a'] * 5000, ['a'] * 5000) }}": "a table of 5,000 columns is wider than any page; 50 are the most",
    "{{ '\\x00' }}": r"a text holds \x00, which cannot be printed",
    "{{ '\\ud800' }}": r"a text holds \ud800, which cannot be printed",
    "{{ '\\ue0000\\ue001' }}": r"a text holds \ue000, which cannot be printed",
    "{{ hint('\\u202e') }}": r"the page holds \u202e, which cannot be printed",
    "a\0": r"x.md holds \x00, which cannot be printed",
    "a\ue0000\ue001": r"x.md holds \ue000, which cannot be printed",
}  # fmt: skip


@pytest.mark.parametrize("body", STOPPED, ids=[body[:40].encode("unicode_escape").decode() for body in STOPPED])
def test_a_sheet_that_reaches_too_far_or_repeats_too_much_is_stopped(body):
    with pytest.raises(SheetError) as caught:
        page(body)
    assert STOPPED[body] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ('title: "\\ud800"\nmodel: softmax\ngoal: G\n', "found invalid Unicode character escape code"),
        ('title: "\\u202E"\nmodel: softmax\ngoal: G\n', r"x.md: title holds \u202e, which cannot be printed"),
        ("title: &a [x]\nmodel: softmax\ngoal: *a\n", "aliases (*name) are not allowed"),
        ("title: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        ("title: " + "[" * 9000 + "\n", "x.md"),
        ("title: T\nmodel: softmax\ngoal: G\nconfig: {d_model: " + "9" * 5000 + "}\n", "Exceeds the limit"),
        ("title: T\nmodel: softmax\ngoal: G\nnumber: -1\n", "x.md: no front matter entry 'number'"),
        ("title: T\nmodel: softmax\ngoal: G\ninputs: {scores: [[.inf, .nan]]}\n", "scores: inf is not a number"),
        ("title: T\nmodel: softmax\ngoal: G\ninputs: {scores: !!set {a, b}}\n", "is not a number; write one as 3, 0.25"),
        ("title: T\nmodel: softmax\ngoal: G\npick_words: true2\n", "x.md: pick_words is a bool; found str"),
        ("title: T\nmodel: softmax\ngoal: G\ntokens: ['a\\tb', \"a\\tb\"]\n", r"tokens holds 'a\tb'"),
    ],
)  # fmt: skip
def test_front_matter_that_is_a_trap_is_one_line(front, message):
    with pytest.raises(ByHandError) as caught:
        page("", front)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


HTML = "<script>alert(1)</script><img src=x onerror=alert(1)>"
TAGS = re.compile(r"<(script|img|link|iframe|object|embed|base|style|meta)\b|[\s\"']on\w+\s*=[^=]", re.IGNORECASE)


def test_words_from_anywhere_are_text_on_the_page():
    word = "</td><img src=x>"
    front = FRONT.replace("title: T", f"title: '{HTML}'").replace("goal: G", f"goal: '{HTML}'")
    front += f"tokens: ['{word}']\n"
    calls = "{{ tokens[0] }} {{ hint(tokens[0]) }} {{ lines(1, '<b>') }} {{ ask('softmax.exp', note='</b><img>', caption='\\\\text{<img>}') }}"
    found = page(
        f"{HTML} [a](javascript:alert(1)) ![x](file:///etc/passwd) $<img>$\n\n" + calls.replace(" {{", "\n\n{{"),
        front,
    )
    body = main_part(found)
    assert not TAGS.search(re.sub(r"&lt;.*?&gt;", "", body))
    assert 'href="javascript' not in body
    assert "&lt;img" in body
    head = found[: found.index("<body")]
    assert head.count("</style>") == head.count("<style")
    assert "<title>&lt;script&gt;" in head


def test_a_page_loads_nothing_whatever_its_template_says(folder):
    (folder / "page.html").write_text('<script src="http://evil.example"></script><img src="http://evil.example">')
    html = page("")
    assert html.startswith('<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src \'none\';')
    assert html.index("Content-Security-Policy") < html.index("evil")


@pytest.mark.parametrize(
    "element",
    [
        '<meta http-equiv="refresh" content="0;url=http://evil.example">',
        "<META\nHTTP-EQUIV=refresh content='0;url=http://evil.example'>",
        '<meta/name="a"/http-equiv="refresh"/content="0;url=http://evil.example">',
        '<meta name="a" content="b" http-equiv="refresh">',
        '<link rel="dns-prefetch" href="//evil.example">', '<link rel=preconnect href="//evil.example">',
        '<base href="http://evil.example">', '<base target="_top">', '<iframe srcdoc="&lt;meta http-equiv=refresh"></iframe>',
    ],
)  # fmt: skip
def test_a_template_that_leads_elsewhere_prints_nothing(folder, element):
    (folder / "page.html").write_text(f"<!doctype html><html lang=en><title>x</title>{element}")
    with pytest.raises(
        SheetError, match=r"^template page\.html makes ['\"]<.*, which a page may not hold: it can lead elsewhere$"
    ):
        page("")


def test_a_text_about_such_elements_is_a_text(folder):
    (folder / "page.html").write_text(
        '<!doctype html><html lang=en><meta charset="utf-8"><title>{{ d.title }}</title>'
    )
    assert "&lt;link&gt;" in page("", FRONT.replace("title: T", "title: 'What <meta http-equiv> and <link> do'"))


@pytest.mark.parametrize(
    "template",
    [
        '<img src="file:///etc/passwd">', '<img src="http://evil.example/x.png">', "<style>@import 'http://evil.example';</style>",
        '<link rel="stylesheet" href="file:///etc/passwd">', '<link rel="attachment" href="file:///etc/passwd">',
        '<div style="background: url(file:///etc/passwd)">x</div>', '<object data="file:///etc/passwd"></object>',
        '<img src="data:text/plain,x">',
        "<style>@font-face { font-family: x; src: url(file:///etc/passwd) } p { font-family: x }</style><p>x</p>",
    ],
)  # fmt: skip
def test_a_template_that_asks_for_a_file_prints_nothing(template):
    from byhand.press.printing import pdf

    with pytest.raises(SheetError, match=r"a template asks for .*; it may use no files but the fonts"):
        pdf(f"<!doctype html><html lang=en><title>x</title>{template}")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{% include '/etc/passwd' %}", "/etc/passwd"),
        ("{% include '../secret.html' %}", "../secret.html"),
        ("{% include 'link.html' %}", "link.html is a link that leads out of its folder"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ d.__class__.__init__.__globals__ }}", "unsafe"),
        ("{{ drawing.__globals__ }}", "unsafe"),
        ("{{ 'a' * 10**10 }}", TOO_MUCH),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", TOO_MUCH),
        ("{% extends 'page.html' %}", "does not end"),
        ("{{ 1 // 0 }}", "template page.html: "),
        ("{{ nothing }}", "'nothing' is undefined"),
    ],
)
def test_a_template_that_reaches_too_far_is_stopped(folder, template, message):
    secret = folder.parent / "secret.html"
    secret.write_text("secret")
    (folder / "link.html").symlink_to(secret)
    (folder / "page.html").write_text(template)
    with pytest.raises(SheetError) as caught:
        page("")
    assert message in str(caught.value)
    _environment.cache_clear()


# ---- what takes too long to lay out as PDF ----

GRIDS = "<div style='display:grid'>" * 20 + "x" + "</div>" * 20  # each takes twice the time of the one in it


def for_print(body):
    document, run = prepare(parse_sheet("x", f"---\n{FRONT}---\n## A\n\n{body}{ASK}"), Options())
    return Pages(lower(document, run)).html("worksheet", "print")


def test_a_page_of_too_many_tags_is_not_laid_out(folder):
    with pytest.raises(
        LimitError, match=r"^x makes a page of 1\d\d,\d\d\d tags, and a PDF is laid out of 50,000 at most; make it "
    ):
        for_print("{{ lines(60, 'a') }}\n\n" * 900)


@pytest.mark.parametrize("where", ["sheet", "template", "messages"])
def test_a_word_that_no_line_has_room_for_is_not_laid_out(folder, where):
    word = "x" * 4000
    if where == "template":
        (folder / "page.html").write_text(f"<!doctype html><html lang=en><title>x</title><p>{word}<b>{word}</b>")
    elif where == "messages":
        (folder / "messages").mkdir()
        (folder / "messages" / "en.toml").write_text(f'top.name = "{word}"')
    messages_module._messages.cache_clear()
    with pytest.raises(LimitError, match=r"^'xxx.*' has 4,000 letters without a blank; 200 are the most$"):
        pdf_module.pdf(for_print(word if where == "sheet" else ""))
    messages_module._messages.cache_clear()


def test_a_long_word_in_a_style_is_none():
    assert pdf_module.pdf(f"<html lang=en><title>x</title><style>p {{ content: '{'x' * 4000}' }}</style><p>x")


def test_a_page_that_takes_too_long_to_lay_out_is_stopped_whatever_its_size(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.5)
    with pytest.raises(LimitError, match=r"^a page took over 0.5 seconds to lay out; make it shorter or simpler$"):
        pdf_module.pdf(f"<html lang=en><title>x</title>{GRIDS}{'<br>' * 2000}")
    monkeypatch.undo()
    assert pdf_module.pdf("<html lang=en><title>x</title>x")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # where the collector is stopped first
def test_a_sheet_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.3)
    with pytest.raises(SheetError, match=r"^x\.md: a sheet or a template takes over 0.3 seconds; make it simpler$"):
        page("{% for i in range(9000) %}{% set x = range(90000)|sort %}{% endfor %}")


def test_code_that_swallows_everything_once_is_stopped_again():
    stopped = []

    def stubborn():
        while len(stopped) < 2:
            try:
                while True:
                    pass
            except BaseException as error:
                stopped.append(error)
        raise stopped[-1]

    with pytest.raises(LimitError, match=r"^too long$"), deadline(0.1, "too long"):
        stubborn()
    assert len(stopped) == 2


def test_an_error_within_its_time_stays_what_it_is():
    with pytest.raises(ValueError, match=r"^mine$"), deadline(60, "too long"):
        raise ValueError("mine")


def test_a_sheet_that_is_a_link_to_elsewhere_is_none(folder, tmp_path):
    elsewhere = folder.parent / "elsewhere.md"
    elsewhere.write_text("---\nsecret")
    (folder / "worksheets" / "x.md").symlink_to(elsewhere)
    with pytest.raises(SheetError, match=r"^x\.md is a link that leads out of its folder$"):
        load_sheet("x")


def test_a_sheet_without_an_end_is_not_read_to_it(folder):
    with (folder / "worksheets" / "x.md").open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(SheetError, match=r"x\.md has over 200,000 characters"):
        load_sheet("x")


def test_nothing_is_written_outside_of_the_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "attention-head-seed0").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="attention-head-seed0: it is a link to another folder"):
        generate("attention-head", Options(formats=("json",)), tmp_path / "out")
    for name in ("../x", "/tmp/x", "a/b", "..", ""):
        with pytest.raises(OutputError):
            write(tmp_path / "out", {name: b"x"})
    assert not [*(tmp_path / "elsewhere").iterdir()]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "out"]


def test_a_link_in_the_folder_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").symlink_to(tmp_path / "precious")
    write(tmp_path / "out", {"run.json": b"new"})
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "out" / "run.json").read_text() == "new"


def test_a_device_is_no_file_to_replace(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="pipe is no file"):
        write(tmp_path, {"pipe": b"x"})
    assert (tmp_path / "pipe").is_fifo()


# ---- any bytes at all: an answer, or one clear line ----

ANYTHING = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1/2", "-inf", "a", "1e999"])
)
NESTED = st.recursive(
    SCALARS, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=6), x, max_size=3), max_leaves=12
)
KEYS = st.sampled_from(["config", "tokens", "source", "vocabulary", "inputs", "weights"])
NAMES = st.sampled_from(
    ["scores", "embed.W_E", "blocks.0.attn.W_Q", "blocks.0.attn.W_Q[0]", "d_model", "n_ctx", "eps", "act_fn"]
)


def clear(error):
    assert "\n" not in str(error)
    assert str(error)


@ANYTHING
@given(SCALARS | st.text(alphabet="0123456789+-−.eE/ ∞inf", max_size=12))
def test_any_entry_is_a_number_or_refused(entry):
    try:
        parse(entry)
    except ByHandError as error:
        clear(error)


@ANYTHING
@given(st.dictionaries(KEYS, NESTED | st.dictionaries(NAMES, NESTED, max_size=3), max_size=4) | NESTED)
def test_any_values_are_sound_or_refused(entries):
    try:
        values = Values.of(entries)
        numbers(values)
        values.ids()
    except ByHandError as error:
        clear(error)


@ANYTHING
@given(st.sampled_from([_toml, _json, _npz, _safetensors]), st.binary(max_size=80))
def test_any_bytes_are_a_file_or_refused(read, content):
    try:
        read(content)
    except (ByHandError, ValueError, RecursionError):
        return  # of which the caller makes a line


DTYPES = ["'<f8'", "'>f2'", "'<f16'", "'<c16'", "'|O'", "'<U0'", "'<U3'", "'|S3'", "'|b1'", "'<M8[s]'", "'int'", "'|V8'", "None",
          "[('a', '<f8')]", "('<f8', (2,))", "'2f8'", "[]", "{}"]  # fmt: skip
SHAPES = ["()", "(2,)", "(True, 2, 2)", "(-1,)", "(-2, -2)", "(0,)", "(0, 10**9)", "(0, 99999999999999999999)", "(99999999999,)", "[2]",
          "2", "(2.0,)", "('2',)", "None", "(1,) * 99", "((1,),)", "(" + "1," * 70 + ")"]  # fmt: skip


def npz(dtype, shape, order, data, name="w"):
    """An npz file with one array of which the header tells this."""
    header = f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}}}\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data)
    return buffer.getvalue()


@ANYTHING
@given(
    st.sampled_from(DTYPES), st.sampled_from(SHAPES), st.sampled_from(["False", "True", "None", "'C'"]),
    st.sampled_from([0, 16, 32]), st.sampled_from(["w", "tokens", "inputs/x"]),
)  # fmt: skip
def test_any_header_of_npz_is_an_array_or_refused(dtype, shape, order, size, name):
    try:
        _npz(npz(dtype, shape, order, bytes(size), name))
    except (ByHandError, ValueError) as error:
        clear(error)


@pytest.mark.parametrize("shape", ["(True, 2, 2)", "(-1,)", "(2, -1)"])
def test_a_size_in_a_header_of_npz_is_a_whole_number(shape):
    with pytest.raises(ValuesError, match=r"^'w' has the shape .*; a size is a whole number from 0 on$"):
        _npz(npz("'<f8'", shape, "False", bytes(32)))


@ANYTHING
@given(st.text(max_size=80), st.text(max_size=120))
def test_any_text_is_a_sheet_or_refused(front, body):
    try:
        page(body, FRONT + front)
    except ByHandError as error:
        clear(error)


@ANYTHING
@given(
    st.text(alphabet=r"\{}_^ab1'<>&;" + '"', max_size=40)
    | st.lists(st.sampled_from([r"\sqrt", r"\frac", r"\text", "{", "}", "_", "^", "x", "<b>"]), max_size=30).map(
        "".join
    )
)
def test_any_formula_is_text_with_the_tags_of_formulas(latex):
    left = re.sub(r"</?(i|sub|sup|span)( class=\"[a-z]*\")?>", "", inline(latex))
    assert "<" not in left
    assert ">" not in left
    spoken(latex)


BOUNDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
sys.path[:0] = sys.argv[1:]
from test_hostile import STOPPED, page
from byhand.errors import SheetError
for body in STOPPED:
    try:
        page(body)
    except SheetError:
        continue
    sys.exit(f"not stopped: {body[:80]}")
"""


def test_what_is_stopped_is_stopped_within_bounds():
    here = os.path.dirname(__file__)
    done = subprocess.run([sys.executable, "-c", BOUNDED, here], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]
