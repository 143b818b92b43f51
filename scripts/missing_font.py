"""Makes the font of adapters/typesetting with one glyph, a box, for every character of Unicode.

    python -m scripts.missing_font

PDF/UA-1 refuses text that no font can show. With this font last in the list a box is shown, and the document's text
still holds the character itself. A cmap of format 13 (OpenType, "many-to-one range mappings") names them all in a few
hundred bytes.
"""

from io import BytesIO
from pathlib import Path

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]  # it has no types
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib import newTable  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable  # type: ignore[import-untyped]  # it has no types

import transfer_service.adapters.typesetting

PATH = Path(transfer_service.adapters.typesetting.__file__).with_name("missing.ttf")
FAMILY = "Missing Characters"
_SURROGATES = range(0xD800, 0xE000)
_OUTLINE = [(60, 0), (60, 700), (740, 700), (740, 0)]
_HOLE = [(680, 60), (680, 640), (120, 640), (120, 60)]


def font_bytes() -> bytes:
    """The font; the same bytes each time."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap({0x20: "box"})
    builder.setupGlyf({name: _box() for name in (".notdef", "box")})
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", "box"), (800, 60)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    names = {"familyName": FAMILY, "styleName": "Regular", "psName": FAMILY.replace(" ", ""), "version": "1"}
    builder.setupNameTable(names)
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200, fsType=0)
    builder.setupPost()
    builder.setupHead(unitsPerEm=1000, created=0, modified=0)
    builder.font["cmap"] = _every_character()
    builder.font.recalcTimestamp = False
    made = BytesIO()
    builder.save(made)
    return made.getvalue()


def _box() -> object:
    pen = TTGlyphPen(None)
    for corners in (_OUTLINE, _HOLE):
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


def _every_character() -> object:
    mapping = CmapSubtable.newSubtable(13)
    mapping.platformID, mapping.platEncID, mapping.language = 3, 10, 0
    mapping.format, mapping.reserved, mapping.length, mapping.nGroups = 13, 0, 0, 0
    mapping.cmap = {code: "box" for code in range(0x20, 0x110000) if code not in _SURROGATES}
    table = newTable("cmap")
    table.tableVersion, table.tables = 0, [mapping]
    return table


if __name__ == "__main__":
    PATH.write_bytes(font_bytes())
