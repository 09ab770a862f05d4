"""The drawings of a half page for who teaches a sheet: the sketch for the board, and the bar of time."""

from __future__ import annotations

from byhand.pictures.board import HEIGHT, WIDTH
from byhand.pictures.canvas import BOX, GREY, HAIR, LIGHT, SMALLEST, WHITE, Layer
from byhand.pictures.labels import words
from byhand.pictures.shapes import Graphic
from byhand.worksheet.half_page import HalfPage

# mm
BAR, TOP, HIGH = 174.0, 4.5, 7.0  # the bar: its width, what stands above it, its height
BELOW, TICK = 6.5, 1.4  # what stands below it, and a line there
SIZE, SMALL = 3.0, 2.9  # of the titles of steps, and of numbers and the question's mark
EACH = 5  # minutes, between two numbers below
LEAST = 5.0  # mm: of the width of minute numbers


def sketch(half: HalfPage) -> Graphic:
    """The sketch for the board."""
    return Graphic(WIDTH, HEIGHT, half.board.said(half.document.messages.say), half.board.shapes, name="board")


def time_bar(half: HalfPage) -> Graphic:
    """The bar of time: a box for each step, with the numbers of the sheet, and a mark where the question comes."""
    on, say = Layer(), half.document.messages.say
    whole = sum(span.minutes for span in half.spans)
    last = half.document.minutes
    x = 0.2
    for k, span in enumerate(half.spans):
        wide = (BAR - 0.4) * span.minutes / whole
        on.box(x, TOP, wide, HIGH, fill=LIGHT if k % 2 else WHITE, width=BOX)
        number, title = str(span.number or ""), f"{span.number or ''} {span.title}".strip()
        labels = (title, SIZE, 1.6), (number or title, SIZE, 0.9), (number or title, SMALLEST, 0.3)
        fitting = ((text, size) for text, size, margin in labels if words(text, size).width <= wide - margin)
        text, size = next(fitting, ("", SIZE))
        on.text(x + wide / 2, TOP + HIGH / 2 + 0.35 * size, text, size)
        x += wide
    end = say("half_page.minutes", n=last)
    for minute in (*range(0, last, EACH), last):
        at = 0.2 + (BAR - 0.4) * minute / last
        if last - minute > 0 and BAR - at < words(end, SMALL).width + LEAST:
            continue
        on.line((at, TOP + HIGH), (at, TOP + HIGH + TICK), width=HAIR)
        where = "end" if minute == last else "middle" if minute else "start"
        on.text(at, TOP + HIGH + 4.6, end if minute == last else str(minute), SMALL, anchor=where, colour=GREY)
    ask = 0.2 + (BAR - 0.4) * half.minute / last
    on.area([(ask, TOP - 0.3), (ask - 1.5, TOP - 2.9), (ask + 1.5, TOP - 2.9)])
    on.text(ask + 2.5, TOP - 1.0, say("half_page.mark"), SMALL, anchor="start", bold=True)
    return Graphic(BAR, TOP + HIGH + BELOW, half.time_said, on.drawn, name="time")
