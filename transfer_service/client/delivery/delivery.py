"""The manifest of what was released, as `fetch` leaves it beside the files: DIR/.packet/manifest.json."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from transfer_service.client.delivery.download import Wanted
from transfer_service.client.delivery.landing import OWN_FOLDER, landing
from transfer_service.client.failures import IntegrityBroken, UsageWrong
from transfer_service.errors import SealBroken
from transfer_service.sealing.manifest import verify

MANIFEST: Final = "manifest.json"
BESIDE_THE_FILES: Final = f"{OWN_FOLDER}/{MANIFEST}"
_MOST_BYTES: Final = 256 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A release manifest, and who is said to have signed it. Nothing in it is believed before `check_signature`."""

    manifest: Mapping[str, Any]
    signature: str
    key_id: str

    @classmethod
    def read(cls, value: object) -> "Delivery":
        """From JSON. IntegrityBroken where that is no release manifest."""
        try:
            manifest, signature, key_id = (value[name] for name in ("manifest", "signature", "key_id"))  # type: ignore[index]  # TypeError below
            whole = manifest["kind"] == "release" and isinstance(signature, str) and isinstance(key_id, str)
            whole = whole and all(_is_file(file) for file in manifest["files"])
            whole = whole and len({file["path"] for file in manifest["files"]}) == len(manifest["files"])
        except (KeyError, TypeError):
            whole = False
        if not whole:
            raise IntegrityBroken("The manifest is not a release manifest.")
        return cls(manifest, signature, key_id)

    @classmethod
    def load(cls, folder: Path, name: str = BESIDE_THE_FILES) -> "Delivery":
        """The one that lies in that folder. UsageWrong where nothing was fetched there, IntegrityBroken."""
        path = folder / name
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise IntegrityBroken("The manifest is too large to be one.")
            return cls.read(json.loads(path.read_bytes()))
        except OSError:
            raise UsageWrong(
                f"Nothing that was fetched is in {folder}: there is no {path}.",
                advice="Name the folder that was given to packet fetch, or the one that archive.zip was unpacked to "
                "(it has a bagit.txt in it).",
            ) from None
        except ValueError:
            raise IntegrityBroken(f"{path} is not JSON.") from None

    def save(self, folder: Path) -> None:
        """Beside the files, in a folder of its own. OSError."""
        own = folder / OWN_FOLDER
        own.mkdir(exist_ok=True)
        document = {"manifest": self.manifest, "signature": self.signature, "key_id": self.key_id}
        fresh = own / f".{MANIFEST}.part"
        fresh.write_text(json.dumps(document, indent=2) + "\n", "ascii")
        os.replace(fresh, own / MANIFEST)  # noqa: PTH105 - atomic, also where one is there

    def check_signature(self, public_key_pem: str) -> None:
        """IntegrityBroken unless the pinned key signed it."""
        try:
            verify(self.manifest, self.signature, public_key_pem)
        except SealBroken:
            raise IntegrityBroken(
                "The manifest is not signed by the key that is pinned here.",
                advice="Don't use the files. Ask the hospital, by a way that is not this delivery, for its key.",
            ) from None

    def wanted(self, folder: Path) -> list[Wanted]:
        """Every file of it, and where it belongs in that folder."""
        places = landing(file["path"] for file in self.manifest["files"])
        return [
            Wanted(file["id"], file["path"], file["size"], file["sha256"], folder / places[file["path"]])
            for file in self.manifest["files"]
        ]


def _is_file(file: Mapping[str, Any]) -> bool:
    return (
        isinstance(file["path"], str)
        and type(file["size"]) is int
        and file["size"] >= 0
        and _DIGEST.fullmatch(file["sha256"]) is not None
        and _ID.fullmatch(file["id"]) is not None
    )
