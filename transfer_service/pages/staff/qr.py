"""QR codes as SVG inside the page: the key in them goes to no other request."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """The code, four pixels a module, in black on white whatever the page's colours."""
    made = segno.make(text, error="m", micro=False)
    return Markup(made.svg_inline(scale=4, dark="#000", light="#fff"))  # noqa: S704 - drawn, with none of the text in it
