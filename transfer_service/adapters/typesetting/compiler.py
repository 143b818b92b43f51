"""The compiler's process: one document as JSON on its standard input, the PDF on its standard output.

A process, because a compiler can't be stopped in a thread, keeps the memory of its largest document, and takes
everything with it where it breaks. It starts without the service's environment, and says nothing of why it failed, for
that would quote what it was given.
"""

import json
import resource
import sys
from pathlib import Path

import typst

_HERE = Path(__file__).parent
_MOST_MEMORY_BYTES = 3 * 1024**3
_MOST_CPU_S = 60


def main() -> None:
    """Exit 0 with a PDF; else nothing."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))
    asked = json.load(sys.stdin.buffer)
    try:
        pdf = _compiled(asked, has_unshown=False)
    except typst.TypstError:  # PDF/UA refuses a character that no font has: then with the box that stands for it
        pdf = _compiled(asked, has_unshown=True)
    sys.stdout.buffer.write(pdf)


def _compiled(asked: dict[str, object], *, has_unshown: bool) -> bytes:
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[_HERE] if has_unshown else [])
    document = {**asked, "has_unshown": has_unshown}
    return typst.compile(
        (_HERE / "document.typ").read_bytes(),
        format="pdf",
        font_paths=fonts,
        sys_inputs={"document": json.dumps(document)},
        pdf_standards=["ua-1"],
        timestamp=int(str(asked["created_at"])),
    )


if __name__ == "__main__":
    main()
