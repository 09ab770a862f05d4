"""Shows a notebook that was run, as nbconvert writes it, without its folded cell: it takes nbclient and nbconvert."""

import re
from collections.abc import Mapping

import nbclient
import nbformat
from nbconvert import HTMLExporter


def preview(notebook: bytes, answers: Mapping[str, str]) -> str:
    """The page. answers: for the name of an array, what a student writes in its cell, in place of what is there."""
    found = nbformat.reads(notebook.decode(), 4)
    for cell in found.cells:
        name = re.search(r"^(\w+) = array\(", cell["source"], re.MULTILINE)
        if cell.cell_type == "code" and name and name[1] in answers:
            cell["source"] = answers[name[1]]
    done = nbclient.NotebookClient(found, kernel_name="python3", allow_errors=True, timeout=120).execute()
    done.cells = [cell for cell in done.cells if "hide-input" not in cell.metadata.get("tags", ())]
    return str(HTMLExporter().from_notebook_node(done)[0])
