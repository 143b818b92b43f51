"""The client as `pip install transfer-service` brings it: a virtual environment without anything of the server."""

import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def _base_distributions() -> set[str]:
    """What `pip install transfer-service` brings, by the metadata of what is installed here."""
    found: set[str] = set()
    wanted = [Requirement(text) for text in metadata.requires("transfer-service") or []]
    while wanted:
        requirement = wanted.pop()
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and requirement.name not in found:
            found.add(requirement.name)
            wanted += [Requirement(text) for text in metadata.requires(requirement.name) or []]
    return found


def bare_install(folder: Path) -> Path:
    """The `packet` command there. What it needs is copied from this environment: nothing is downloaded in a test."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for name in _base_distributions():
        for file in metadata.files(name) or []:
            source = Path(str(file.locate()))
            if ".." not in file.parts and source.is_file():
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                (site / file).write_bytes(source.read_bytes())
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    _pip("--python", python, "install", "--no-deps", "--no-index", wheel)
    return folder / "venv" / "bin" / "packet"


def _pip(*words: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
