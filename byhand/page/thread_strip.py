"""The strip at the top of a sheet of the thread: a bead for each sheet, and how far one has come."""

from __future__ import annotations

from byhand.page.drawing import Drawing, Rect
from byhand.pictures.labels import words
from byhand.pictures.shapes import Circle, Graphic, Look
from byhand.worksheet.document import Document

# all in mm
WIDTH, HIGH = 174.0, 11.5  # of the strip
BEAD, RING, INNER = 1.9, 3.2, 2.2  # the radii of a bead, and of the two rings of the one where one is
MIDDLE, NAME = 3.6, 10.2  # the y of the beads, and of the baseline of their names
NUMBER, LABEL = 2.5, 2.75  # the sizes of texts
INK, DONE, LATER, NAMED, WHITE = "#111111", "#444444", "#888888", "#555555", "#ffffff"


def graphic(document: Document) -> Graphic:
    """The strip of a sheet of the thread."""
    drawing, count, here = Drawing(), len(document.beads), document.bead
    pitch = WIDTH / count
    xs = [pitch * (n + 0.5) for n in range(count)]
    at = xs[here - 1]
    drawing.box(Rect((xs[0] + at) / 2, MIDDLE, at - xs[0], 0.5), INK, rx=0)
    drawing.box(Rect((at + xs[-1]) / 2, MIDDLE, xs[-1] - at, 0.25), LATER, rx=0)
    beads = list[Circle]()
    for n, (x, name) in enumerate(zip(xs, document.beads, strict=True), 1):
        if n == here:
            beads += [Circle(x, MIDDLE, RING, Look(WHITE, INK, 0.7)), Circle(x, MIDDLE, INNER, Look(WHITE, INK, 0.3))]
        elif n < here:
            beads.append(Circle(x, MIDDLE, BEAD, Look(DONE)))
        else:
            beads.append(Circle(x, MIDDLE, BEAD, Look(WHITE, LATER, 0.3)))
        number, label = words(str(n), NUMBER), words(name, LABEL)
        label = words(name, LABEL * min(1.0, (pitch - 0.8) / label.width))
        drawing.text(x, MIDDLE + 0.85, number, WHITE if n < here else INK, bold=n <= here)
        drawing.text(x, NAME, label, INK if n == here else NAMED, bold=n == here)
    lines, texts = (*drawing.boxes,), (*drawing.texts,)
    return Graphic(WIDTH, HIGH, said(document), (*lines, *beads, *texts))


def said(document: Document) -> str:
    """The strip in a sentence."""
    n, count = document.bead, len(document.beads)
    return document.messages.say("thread.strip", sheets=count, done=n - 1, n=n, name=document.beads[n - 1])
