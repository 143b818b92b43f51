"""Of which commit figures are, and the page that they are written into."""

import subprocess
from pathlib import Path


def commit() -> str:
    """The commit, in short."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - git of the PATH


def replace_table(page: Path, text: str, marks: tuple[str, str]) -> None:
    """Put the text between the page's two marks."""
    begin, end = marks
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{text}\n{end}{after}")
