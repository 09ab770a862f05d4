"""Pictures of ideas, drawn from a sheet's own numbers, and completed with a pencil.

To add one, write a function in the lesson that shows it, and its texts in templates/messages/en.toml:

    @picture(height=42, minutes=3)
    def shadow(on: Canvas, u: Rows, v: Rows) -> None: …

A sheet shows it with {{ picture("shadow", "u2", "v2") }}. What is drawn on `on` is printed; what is drawn on `on.pen`
is the key's. A drawing is kept as shapes (shapes.py), of which SVG is written, and PDF by the press.
"""

from byhand.pictures import attention, contrast  # noqa: F401
from byhand.pictures.registry import PICTURES, Picture, Sketch, UndrawableError, picture_named

__all__ = ["PICTURES", "Picture", "Sketch", "UndrawableError", "picture_named"]
