"""PDFs by Typst: texts go in as data, and a compiler in a process of its own sets them by one template.

typst_pdf     the port: a document as JSON to the compiler, its PDF back, within bounds of time and size
compiler      the process: reads JSON, writes PDF; knows nothing of the service
document.typ  how a document looks
missing.ttf   a font with one glyph, a box, for every character of Unicode (scripts/missing_font.py makes it)
"""

from transfer_service.adapters.typesetting.typst_pdf import TypstPdf

__all__ = ["TypstPdf"]
