"""``keyring``, ``manifest-key``, ``audit``: what an installation rests on, made, shown and checked."""

import click

from transfer_service.app import manifest_key, new_keyring, parts_of
from transfer_service.cli.operator import Operator, command
from transfer_service.standalone.tether import keep_private


@click.group()
def keyring() -> None:
    """The file of keys that wrap all others."""


@keyring.command("create")
@command
def create_keyring(operator: Operator) -> None:
    """Make it where the settings say, once: nothing opens without it."""
    settings = operator.settings()
    keep_private()
    path = new_keyring(settings)
    operator.answer({"path": str(path)}, f"{path}\nBack it up now, and never beside the database.")


@click.command("manifest-key")
@command
def show_manifest_key(operator: Operator) -> None:
    """Show the public key that verifies this installation's manifests."""
    parts = parts_of(operator.settings())
    key = manifest_key(parts.database, parts.keyring)
    pem = key.public_key_pem()
    operator.answer({"key_id": key.key_id, "public_key": pem}, f"{pem}key id {key.key_id}")


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@command
def verify_audit(operator: Operator) -> None:
    """Check every entry of every organization's log; exit 0 only where all hold."""
    entries = operator.service().journey.account.verify_audit()
    operator.answer({"entries": entries}, f"All {entries} entries hold.")
