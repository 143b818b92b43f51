"""Paths of more than 260 characters on Windows, which takes them in one form alone (\\\\?\\C:\\…)."""

import os
from pathlib import Path


def reachable(folder: Path) -> Path:
    """The folder, resolved, in the form in which all below it can be reached, however long its path."""
    resolved = folder.resolve()
    return Path(extended(str(resolved))) if os.name == "nt" else resolved


def extended(path: str) -> str:
    """A resolved Windows path in its extended form."""
    if path.startswith("\\\\?\\"):
        return path
    if path.startswith("\\\\"):
        return f"\\\\?\\UNC\\{path[2:]}"
    return f"\\\\?\\{path}"
