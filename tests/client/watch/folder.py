"""Files for a watched folder, and what the client sees of them."""

from pathlib import Path

from tests.missing import skip_or_fail
from transfer_service.client.deposit.scan import LocalFile, scan

MIRAX = Path(__file__).parents[4] / "shared" / "data" / "mirax-partial"
NAME = "Mirax2-Fluorescence-1"


def made(folder: Path, *paths: str, data: bytes = b"x") -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def seen(folder: Path) -> tuple[LocalFile, ...]:
    return scan(folder).files


def mirax_files() -> dict[str, bytes]:
    """A real MIRAX slide by relative path, small but whole; its .mrxs comes last."""
    if not MIRAX.is_dir():
        skip_or_fail(f"the MIRAX slide is not at {MIRAX}: nothing was tried with it")
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted((MIRAX / NAME).iterdir())}
    return files | {f"{NAME}.mrxs": (MIRAX / f"{NAME}.mrxs").read_bytes()}
