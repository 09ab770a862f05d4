"""Redraws README's picture of a page: the flagship's first page and its key, side by side, as docs/page.png."""

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from byhand.options import Options
from byhand.pipeline import generate

DPI = 96
DOCS = Path(__file__).resolve().parent.parent / "docs"


def page(pdf: Path, number: int) -> Image.Image:
    """One page of a PDF as a picture."""
    stem = pdf.with_suffix("")
    subprocess.run(
        ["pdftoppm", "-png", "-r", str(DPI), "-f", str(number), "-l", str(number), "-singlefile", pdf, stem],
        check=True,
    )
    return Image.open(stem.with_suffix(".png")).convert("L" if "worksheet" in pdf.name else "RGB")


def main() -> None:
    """Draw the picture."""
    with tempfile.TemporaryDirectory() as folder:
        files = {path.name: path for path in generate("attention-head", Options(formats=("pdf",)), folder)}
        pages = [page(files["worksheet.pdf"], 1).convert("RGB"), page(files["key.pdf"], 2)]
    width, height = pages[0].size
    gap = 16
    picture = Image.new("RGB", (2 * width + gap, height), "#d8d8d8")
    for i, image in enumerate(pages):
        picture.paste(image, (i * (width + gap), 0))
    DOCS.mkdir(exist_ok=True)
    picture.quantize(64).save(DOCS / "page.png", optimize=True)


if __name__ == "__main__":
    main()
