"""The table of a figure and what stands beside it as HTML. A page has many cells, so each is a
single td without inner elements.
"""

from __future__ import annotations

from html import escape

from byhand.notation.inline import tagged
from byhand.page import table
from byhand.page.beside import LaidLabel, beside
from byhand.page.fields import Field, nameless, room
from byhand.page.grid import Grid
from byhand.page.table import LaidCell, Tick, Writing, ticked
from byhand.worksheet.document import BETWEEN


def rows(grid: Grid, shown: bool, screen: bool, writing: Writing | None = None, field: Field = nameless) -> str:
    """The rows of a table, as of the function of this name in page/table."""
    cells = table.rows(grid, shown, screen, writing, field)
    lines = zip(grid.rows, cells, strict=True)
    return "\n".join(f"<tr class={kind}>{''.join(map(_cell, line))}</tr>" for kind, line in lines)


def _cell(cell: LaidCell) -> str:
    tag, about = ("th", f" scope={cell.scope}") if cell.scope else ("td", "")
    about += f" class={_value(cell.classes)}" if cell.classes else ""
    about += f" colspan={cell.span}" if cell.span > 1 else ""
    about += f' aria-label="{escape(cell.said)}"' if cell.said else ""
    box = tick_html(cell.tick) if cell.tick else ""
    if cell.called is None:
        about += room(cell.field)
    else:
        box = f'<input name={_value(escape(cell.field))} aria-label="{escape(cell.called)}">'
    told = f'<span class="told">{escape(cell.told)}</span>' if cell.told else ""
    return f"<{tag}{about}>{box}{'<wbr>'.join(map(tagged, cell.lines))}{told}</{tag}>"


def _value(words: str) -> str:
    """The value of an attribute: one word needs no quotes, and a page has thousands of them."""
    return f'"{words}"' if " " in words else words


def labels(grid: Grid) -> str:
    """What stands beside a table."""
    return "".join(f"{_label(each)}\n" for each in beside(grid))


def _label(label: LaidLabel) -> str:
    place = f"left:{label.left:.2f}mm;top:{label.top:.2f}mm" + (f";width:{label.width:.2f}mm" if label.width else "")
    kind, about = f"tag {label.side}", ""
    if label.side == "formula":
        place += f";font-size:{label.size:.1f}pt"
        kind, about = "formula math", f' role="math" aria-label="{escape(label.said)}"'
    return f'<div class="{kind}" style="{place}"{about}>{"<br>".join(map(tagged, label.lines))}</div>'


def tick_html(tick: Tick) -> str:
    """A box to tick as HTML. On a screen, only one of those of a question can be ticked, by its name."""
    if tick.called:
        group, _, option = (escape(part) for part in tick.field.partition(BETWEEN))
        return f'<input type="radio" name="{group}" value="{option}" class="tick" aria-label="{escape(tick.called)}">'
    look, check = (f" {tick.check}", "✓") if tick.check else ("", "")
    return f'<span class="tick{look}"{room(tick.field)}>{check}</span>'


def tick(right: bool, shown: bool, screen: bool, label: str, shared: str = "", field: str = "") -> str:
    """A box to tick in the words of a page, as of `ticked`. shared: "", or a page that is worksheet and key."""
    if shared and right:
        return f'<span class="tick"{room(field)}><span class="check for-key">✓</span></span>'
    return tick_html(ticked(right, shown, screen, label, field))
