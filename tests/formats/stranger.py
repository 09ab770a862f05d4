"""A worksheet as plain text, by somebody who knows byhand/page.schema.json and nothing else."""

import json


class Stranger:
    def __init__(self, file: str, view: str):
        self.page, self.view = json.loads(file), view
        self.cells = {cell["id"]: cell for cell in self.page["cells"]}
        self.replies = {reply["id"]: reply for section in self.page["sections"] for reply in section["replies"]}

    def text(self) -> str:
        sections = [part for section in self.page["sections"] for part in section["parts"]]
        parts = [*self.page["head"], *sections, *self.page["end"]]
        return "\n\n".join(self.part(part) for part in parts if self.view in part.get("views", [self.view]))

    def cell(self, name: str) -> str:
        cell, shown = self.cells[name], self.view != "worksheet"
        return cell["text"] if cell["role"] == "printed" else f"[{cell['text'] * shown}]"

    def part(self, part: dict) -> str:
        match part["kind"]:
            case "title":
                return part["of"][self.view]
            case "heading":
                return f"{part['number'] or ''} {part['text']['plain']}".strip()
            case "text":
                return f"{part['lead']} {part['text']['plain']}".strip()
            case "guess":
                return "\n".join([f"{part['lead']} {part['text']['plain']}", *part["options"], *part["cells"]])
            case "goals":
                return "\n".join([part["lead"], *(line["plain"] for line in part["lines"])])
            case "lines":
                return ": ______\n".join([*part["names"], ""])
            case "formula" | "product":
                return "\n\n".join([part["formula"]["plain"], *map(self.matrix, part.get("matrices", []))])
            case "matrix":
                return self.matrix(part)
            case "table":
                rows = [[self.cell(x) if isinstance(x, str) else x["plain"] for x in row] for row in part["rows"]]
                return "\n".join(map("\t".join, [[head["plain"] for head in part["head"]], *rows]))
            case "options":
                return self.options(part)
            case "room":
                return part["lead"] + (" ______" if self.view == "worksheet" else f" {part['answer']['plain']}")
            case "picture":
                return part["drawn"]["worksheet" if self.view == "worksheet" else "key"]["said"]
            case "example":
                return f"{part['lead']} {part['text']} = {part['gives']}"
            case "worked":
                return "\n".join(f"{line['label']} {line['text']} = {line['gives']}" for line in part["lines"])

    def matrix(self, matrix: dict) -> str:
        rows = zip(matrix["labels"]["rows"], matrix["cells"], strict=True)
        lines = [matrix["labels"]["columns"], *([label, *map(self.cell, row)] for label, row in rows)]
        ticks = [self.options(matrix["options"])] if "options" in matrix else []
        return "\n".join([*(title["plain"] for title in matrix["titles"]), *map("\t".join, lines), *ticks])

    def options(self, options: dict) -> str:
        reply = self.replies[options["reply"]]
        ticked = [option == reply.get("answer") and self.view != "worksheet" for option in reply["options"]]
        return "\n".join(f"({' x'[at]}) {label}" for at, label in zip(ticked, options["labels"], strict=True))
