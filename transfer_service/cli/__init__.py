"""``transfer-service``: what operators run.

An operator's mistake is one line on stderr and exit status 1; a wrong command line is 2.

operator      what every command has
running       standalone, serve, worker, migrate
hospitals     organization, department
staff         staff: who signs in at the pages
tokens        token
keys          keyring, manifest-key, audit
"""

import logging

import click

from transfer_service import __version__
from transfer_service.cli.hospitals import department, organization
from transfer_service.cli.keys import audit, keyring, show_manifest_key
from transfer_service.cli.running import migrate, serve, standalone, worker
from transfer_service.cli.staff import staff
from transfer_service.cli.tokens import token

_COMMANDS = (
    standalone, serve, worker, migrate, keyring, organization, department, staff, token, show_manifest_key, audit
)  # fmt: skip


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Release of sealed pathology slides, by the patient's authorization."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")


for _command in _COMMANDS:
    main.add_command(_command)
