"""What bench.py measures inside a fresh process: `inside.py WHAT ARGUMENT …` prints JSON on its last line."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from byhand.formats.html.page import Pages
    from byhand.page.printed import PrintPage

TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
BOX = re.compile(r"<t[dh][ >]")


def shares(sheet: str, kind: str) -> dict[str, float]:
    """Seconds that each stage of one `generate` takes."""
    start = perf_counter()
    import byhand.cli  # noqa: F401
    from byhand import arrange, choose, pipeline
    from byhand.formats.html import page as html
    from byhand.options import Options
    from byhand.witness import judge
    from byhand.worksheet import sheet as sheets

    stages = [
        (sheets, "load_sheet", "sheet"), (choose, "choose", "numbers"), (arrange, "arrange", "run and document"),
        (judge, "judge", "witness"),
        (html.Pages, "__init__", "grids"), (html.Pages, "html", "template"), (pipeline, "write", "writing"),
    ]  # fmt: skip
    if kind == "pdf":
        import weasyprint  # noqa: F401

        from byhand.press import printing

        stages.insert(-1, (printing, "pdf", "pdf"))
    spent = {"import": perf_counter() - start} | {stage: 0.0 for _, _, stage in stages}
    for module, name, stage in stages:
        setattr(module, name, _timed(getattr(module, name), stage, spent))
    with tempfile.TemporaryDirectory() as out:
        pipeline.generate(sheet, Options(formats=(kind,), cache=False), out)
    spent["rest"] = perf_counter() - start - sum(spent.values())
    return spent


def _timed(function: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **options)
        finally:
            spent[stage] += perf_counter() - start

    return timed


def printed(sheet: str, seed: int = 0) -> tuple[Pages, dict[str, str]]:
    """A sheet's document laid out, and the HTML of worksheet and key in print, with all figures in it."""
    from byhand.formats.html.page import Pages
    from byhand.options import Options
    from byhand.page.page import lower
    from byhand.pipeline import prepare
    from byhand.worksheet.sheet import load_sheet

    laid_out = Pages(lower(*prepare(load_sheet(sheet), Options(seed=seed))))
    return laid_out, {view: laid_out.html(view, "print") for view in ("worksheet", "key")}


def seconds(page: PrintPage | str) -> float:
    """How long a page takes as PDF."""
    from byhand.press.printing import pdf

    start = perf_counter()
    pdf(page)
    return perf_counter() - start


def formats(sheet: str, runs: str) -> dict[str, dict[str, Any]]:
    """By format that is installed, the seconds of processor time that its files take each time, and their size."""
    from byhand.formats import OWN, Setup, asked
    from byhand.options import Options
    from byhand.page.page import lower
    from byhand.pipeline import prepare
    from byhand.worksheet.sheet import load_sheet

    # other numbers each time, since a process may keep what it has made of the same ones
    prepared = [lower(*prepare(load_sheet(sheet), Options(seed=seed))) for seed in range(int(runs) + 1)]
    setup, result = Setup(cache=False), dict[str, dict[str, Any]]()
    for name, format in OWN.items():
        if format.missing:
            continue
        spent, size = list[float](), 0
        for page in prepared:
            start = process_time()
            files = [make(page, view, setup) for _, make, view in asked([format], ["worksheet", "key"])]
            spent.append(process_time() - start)
            size = sum(map(len, files))
        result[name] = {"seconds": spent[1:], "bytes": size}
    return result


def pages(sheet: str, runs: str) -> dict[str, dict[str, Any]]:
    """Seconds for each view, whole, without its tables, and as WeasyPrint takes with them."""
    import io

    from pypdf import PdfReader

    from byhand.press.engine import as_pdf, rendered_document
    from byhand.press.printing import pdf

    result: dict[str, dict[str, Any]] = {}
    laid_out, views = printed(sheet)
    for view, html in views.items():
        count = len(PdfReader(io.BytesIO(pdf(laid_out.printed(view)))).pages)  # and a warm start
        result[view] = {"pages": count, "boxes": len(BOX.findall(html)), "whole": [], "without": [], "plain": []}
    for _ in range(int(runs)):
        for view, html in views.items():
            result[view]["whole"].append(seconds(laid_out.printed(view)))
            result[view]["without"].append(seconds(TABLE.sub("", html)))
            start = perf_counter()
            as_pdf(rendered_document(html))
            result[view]["plain"].append(perf_counter() - start)
    return result


def save(sheet: str, folder: str) -> None:
    """Put the HTML of a sheet's views and the fonts' CSS into files."""
    from byhand.fonts import FACES, font_face_css

    for view, html in printed(sheet)[1].items():
        Path(folder, f"{view}.html").write_text(html, encoding="utf-8")
    for face in FACES:
        Path(folder, face.name).write_bytes(face.font)
    css = font_face_css(lambda face: Path(folder, face.name).as_uri())
    Path(folder, "fonts.css").write_text(css, encoding="utf-8")


def words(sheet: str, folder: str, *seeds: str) -> None:
    """Put the words and boxes of a sheet's views into files for gpt.typ, in a folder for each seed."""
    from words import blocks

    for seed in seeds:
        Path(folder, seed).mkdir()
        for view, html in printed(sheet, int(seed))[1].items():
            Path(folder, seed, f"{view}.json").write_text(json.dumps(blocks(html)), encoding="utf-8")


def plain(folder: str, collecting: str = "gc") -> None:
    """Lay out and write saved HTML with WeasyPrint alone."""
    import gc

    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    if collecting == "nogc":
        gc.disable()
    styles = Path(folder, "fonts.css").read_text(encoding="utf-8")
    for view in ("worksheet", "key"):
        fonts = FontConfiguration()
        css = CSS(string=styles, font_config=fonts)
        html = HTML(string=Path(folder, f"{view}.html").read_text(encoding="utf-8"))
        html.write_pdf(Path(folder, f"{view}.pdf"), stylesheets=[css], font_config=fonts, pdf_variant="pdf/ua-1")


def markup(runs: str) -> dict[str, Any]:
    """Seconds for the same figures in different markup."""
    from markup import variants

    empty, pages_by_name, counts = variants(*printed("gpt"))
    for html in (empty, *pages_by_name.values()):
        seconds(html)  # a warm start
    blank: list[float] = []
    times: dict[str, list[float]] = {name: [] for name in pages_by_name}
    for _ in range(int(runs)):
        blank.append(seconds(empty))
        for name, html in pages_by_name.items():
            times[name].append(seconds(html))
    return {"times": times, "empty": blank, "counts": counts}


def modules(*options: str) -> list[str]:
    """The modules that a command has imported when it is done."""
    from byhand.cli import main

    with tempfile.TemporaryDirectory() as out:
        main(["generate", "gpt", "--no-cache", *options, "--out", out], standalone_mode=False)
    return sorted(sys.modules)


if __name__ == "__main__":
    what = {f.__name__: f for f in (shares, formats, pages, save, words, plain, markup, modules)}[sys.argv[1]]
    print(json.dumps(what(*sys.argv[2:])))
