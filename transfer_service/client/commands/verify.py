"""``packet verify DIR``."""

from pathlib import Path

import click

from transfer_service.client.commands.told import FILE, FOLDER, Told, command
from transfer_service.client.delivery.verify import verify_folder


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--key", "manifest_key", type=FILE, help="The hospital's public key. Never take it from the delivery.")
@command
def verify(told: Told, folder: Path, manifest_key: Path | None) -> None:
    """Check what was fetched: every file against the manifest, and the manifest against the hospital's key.

    DIR is what `packet fetch` was given, or the folder that archive.zip was unpacked to.

    Without a key only digests are checked, and the exit code is 7.
    """
    progress = told.progress()
    try:
        found = verify_folder(folder, told.with_key(manifest_key).manifest_key_pem(), progress)
    finally:
        progress.end()
    told.answer(
        {"release_id": found.release_id, "files": found.files, "size": found.size_bytes, "key_id": found.key_id},
        f"All {found.files} files, {found.size_bytes:,} bytes, are exactly what was released (key {found.key_id}).",
    )
