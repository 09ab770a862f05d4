"""What a question has to show: the figures of its section, with a field where the page has a blank."""

from byhand.notation.text import value_text


def within(cells, row):
    """Whether cells stand side by side in a row."""
    return any(row[at : at + len(cells)] == cells for at in range(len(row)))


def missing_rows(section, fields, rows):
    """The matrices of a section that a question's tables do not show, row for row.

    fields: by the id of a blank's cell, what stands in its place; other cells are printed.
    """
    return [
        panel.symbol
        for figure in section.figures
        for panel in figure.matrices
        for row in panel.cells
        if not any(within([fields.get(id(cell), value_text(cell.value)) for cell in row], shown) for shown in rows)
    ]
