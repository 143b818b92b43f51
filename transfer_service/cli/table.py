"""Lists for a terminal."""


def table(items: list[dict[str, str | None]]) -> str:
    """Columns under their names; empty where there is nothing to show."""
    rows = [list(items[0]), *([value or "-" for value in item.values()] for item in items)] if items else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)
