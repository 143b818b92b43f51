"""``transfer-service``: what operators run.

An operator's mistake is one line on stderr and exit status 1; a wrong command line is 2.
"""

import json
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from transfer_service import __version__
from transfer_service.adapters.database import migrate as migrate_database
from transfer_service.app import create_app, create_worker, joined, manifest_key, new_keyring, object_store, parts_of
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Credential, CredentialKind, Department, Recipient, Role, Staff
from transfer_service.edge.calls import Service
from transfer_service.edge.gateway_server import serve as serve_web
from transfer_service.edge.metrics import check_counts_are_shared
from transfer_service.errors import TransferError, Unavailable
from transfer_service.logs import log_as_json, log_to_whoever_reads
from transfer_service.settings import Settings, load_settings
from transfer_service.standalone import run_standalone
from transfer_service.standalone.tether import die_with, give_memory_back, keep_private

DATA = "TRANSFER_SERVICE_DATA"
CONFIG = "TRANSFER_SERVICE_CONFIG"
BUCKET_WITHIN_S = 60.0

_log = logging.getLogger("transfer_service.cli")


@dataclass(frozen=True)
class Operator:
    """What every command is told: which installation, and how to answer."""

    data: Path | None
    as_json: bool

    def settings(self) -> Settings:
        """The installation's settings; SettingsInvalid."""
        environment = dict(os.environ)
        if self.data is not None:
            environment.pop(CONFIG, None)
            environment[DATA] = str(self.data)
        return load_settings(environment)

    def service(self) -> Service:
        """The installation, joined."""
        return joined(parts_of(self.settings()))

    def answer(self, facts: dict[str, Any], words: str) -> None:
        """Print ``facts`` as JSON, or ``words``."""
        click.echo(json.dumps(facts) if self.as_json else words)


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --data and --json, and turn what is refused into one line."""

    @click.option("--data", type=click.Path(path_type=Path), help=f"Folder of a standalone installation [{DATA}].")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    @wraps(function)
    def told(data: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401, FBT001  # click's own call
        try:
            function(Operator(data, as_json), **options)
        except TransferError as error:
            why = getattr(error, "reason", "")  # an operator may know what the log would be told
            raise click.ClickException(" ".join(f"{error} {why}".split())) from None

    return told


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Release of sealed pathology slides, by the patient's authorization."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")


@main.command()
@click.option("--host", help="Loopback, unless a proxy with TLS stands in front (behind_tls_proxy).")
@click.option("--port", type=click.IntRange(0, 65535), help="8080, or that of before; 0 takes a free one.")
@_command
def standalone(operator: Operator, host: str | None, port: int | None) -> None:
    """Run everything on this machine, in one folder."""
    data = operator.data or os.environ.get(DATA)
    if not data:
        raise click.UsageError(f"Say where with --data, or set {DATA}.")
    log_to_whoever_reads()
    keep_private()
    run_standalone(Path(data), host=host, port=port, announce=lambda address: click.echo(f"listening on {address}"))


@main.command()
@_command
def serve(operator: Operator) -> None:
    """Run the web server."""
    settings = operator.settings()
    if settings.metrics_token is not None:
        check_counts_are_shared(settings.workers)
    keep_private()
    give_memory_back()
    log_as_json()
    arbiter = os.getpid()

    def app() -> object:
        die_with(arbiter)
        return create_app(settings)

    serve_web(
        app,
        bind=[settings.bind],
        threads=settings.threads,
        workers=settings.workers,
        stop_within_s=settings.stop_within_s,
        on_listening=lambda addresses: _log.info("listening on %s", addresses[0]),
    )


@main.command()
@_command
def worker(operator: Operator) -> None:
    """Verify, send mail, and sweep, until told to stop."""
    settings = operator.settings()
    keep_private()
    give_memory_back()
    log_as_json()
    working = create_worker(settings)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: working.stop())
    _log.info("working")
    working.run()


@main.command()
@click.option("--with-bucket", is_flag=True, help="Also wait for the object store, and make the bucket.")
@_command
def migrate(operator: Operator, with_bucket: bool) -> None:  # noqa: FBT001  # click's own call
    """Make the database, or bring it up to this version."""
    settings = operator.settings()
    keep_private()
    migrate_database(settings.database_url.reveal())
    if with_bucket:
        _make_bucket(settings)
    operator.answer({"migrated": True}, "The database is of this version.")


def _make_bucket(settings: Settings) -> None:
    store, deadline = object_store(settings), time.monotonic() + BUCKET_WITHIN_S
    while True:
        try:
            return store.ensure_bucket()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@main.group()
def keyring() -> None:
    """The file of keys that wrap all others."""


@keyring.command("create")
@_command
def create_keyring(operator: Operator) -> None:
    """Make it where the settings say, once: nothing opens without it."""
    settings = operator.settings()
    keep_private()
    path = new_keyring(settings)
    operator.answer({"path": str(path)}, f"{path}\nBack it up now, and never beside the database.")


@main.group()
def organization() -> None:
    """Hospitals: the tenants."""


@organization.command("create")
@click.argument("name")
@_command
def create_organization(operator: Operator, name: str) -> None:
    """Enrol a hospital."""
    service = operator.service()
    made = service.journey.enrol.create_organization(name, service.clock())
    operator.answer({"id": str(made.id)}, f"Organization {made.name}\nid {made.id}")


@main.group()
def department() -> None:
    """Departments of a hospital."""


@department.command("create")
@click.option("--organization", "organization_id", type=click.UUID, required=True)
@click.option("--contact", default="", help="Tells patients and recipients who to call.")
@click.argument("name")
@_command
def create_department(operator: Operator, organization_id: UUID, name: str, contact: str) -> None:
    """Enrol a department."""
    service = operator.service()
    made = service.journey.enrol.create_department(organization_id, name, contact, service.clock())
    operator.answer({"id": str(made.id)}, f"Department {made.name}\nid {made.id}")


@department.command("set")
@click.option("--requests", type=click.Choice(["on", "off"]), help="Whether anybody may ask it for slides on its page.")
@click.option("--treatment", type=click.Choice(["on", "off"]), help="Release without authorization (164.506(c)).")
@click.argument("department_id", metavar="ID", type=click.UUID)
@_command
def set_department(operator: Operator, department_id: UUID, requests: str | None, treatment: str | None) -> None:
    """Switch on or off what a department may do; all of it is off at first. Without an option, say how it stands."""
    service = operator.service()
    enrol, at = service.journey.enrol, service.clock()
    found = enrol.department(department_id)
    if requests is not None:
        found = enrol.take_requests(department_id, at, taken=requests == "on")
    if treatment is not None:
        found = enrol.allow_treatment(department_id, at, allowed=treatment == "on")
    address = f"{operator.settings().address}/ask/{found.id}" if found.takes_requests else None
    stands = {"requests": _on(found.takes_requests), "treatment": _on(found.treatment_allowed)}
    words = ", ".join(f"{name} {value}" for name, value in stands.items())
    operator.answer(
        {"id": str(found.id), **stands, "address": address}, f"{found.name}: {words}." + f" {address}" * bool(address)
    )


def _on(is_on: bool) -> str:  # noqa: FBT001 - a word for each
    return "on" if is_on else "off"


@main.group()
def token() -> None:
    """Bearer tokens of staff and of review services."""


@token.command("create")
@click.option("--department", "department_id", type=click.UUID, help="Of a member of staff: their department.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Of a member of staff: their role.")
@click.option("--staff", help="Whose it is. Left out: the role's own name.")
@click.option("--recipient", "recipient_id", type=click.UUID, help="The review service whose it is, in place of these.")
@_command
def create_token(
    operator: Operator, department_id: UUID | None, role: str | None, staff: str | None, recipient_id: UUID | None
) -> None:
    """Make a token; it is shown this once."""
    if recipient_id is not None and (department_id, role, staff) == (None, None, None):
        service = operator.service()
        made, word = service.journey.enrol.create_service_token(recipient_id, service.clock())
    elif recipient_id is None and department_id is not None and role is not None:
        service = operator.service()
        made, word = service.journey.enrol.create_token(department_id, Role(role), staff or role, service.clock())
    else:
        raise click.UsageError("Say whose it is: --department with --role, or --recipient alone.")
    operator.answer({"id": str(made.id), "token": word}, f"Token {made.id}\n{word}\nIt is not shown again.")


@token.command("list")
@_command
def list_tokens(operator: Operator) -> None:
    """List every token, without what opens anything."""
    service = operator.service()
    items = [_token_facts(service, each) for each in service.journey.enrol.tokens()]
    operator.answer({"items": items}, _table(items) or "There are no tokens.")


def _table(items: list[dict[str, str | None]]) -> str:
    """Columns under their names; empty where there is nothing to show."""
    rows = [list(items[0]), *([value or "-" for value in item.values()] for item in items)] if items else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _token_facts(service: Service, credential: Credential) -> dict[str, str | None]:
    return {
        "id": str(credential.id),
        **_holder_facts(service, credential),
        "organization_id": str(credential.organization_id),
        "created_at": rfc3339(credential.created_at),
        "revoked_at": rfc3339(credential.revoked_at) if credential.revoked_at else None,
    }


def _holder_facts(service: Service, credential: Credential) -> dict[str, str | None]:
    """Whose it is: a member of staff in their department, or a review service, which has none."""
    tenant = credential.organization_id
    with service.database.reading() as tx:
        if credential.kind is CredentialKind.SERVICE:
            holder = tx.get(Recipient, tenant, credential.subject_id)
            nowhere = {"department": None, "department_id": None}
            return {"role": credential.kind.value, "staff": None, "recipient": holder.name, **nowhere}
        where = tx.get(Department, tenant, credential.subject_id)
        who = tx.get(Staff, tenant, credential.holder_id)
    role = credential.role.value if credential.role else None
    place = {"department": where.name, "department_id": str(where.id)}
    return {"role": role, "staff": who.name, "recipient": None, **place}


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=click.UUID)
@_command
def revoke_token(operator: Operator, token_id: UUID) -> None:
    """End a token; the next request with it is refused."""
    service = operator.service()
    revoked = service.journey.enrol.revoke_token(token_id, service.clock())
    operator.answer({"id": str(revoked.id)}, f"Token {revoked.id} is revoked.")


@main.command("manifest-key")
@_command
def show_manifest_key(operator: Operator) -> None:
    """Show the public key that verifies this installation's manifests."""
    parts = parts_of(operator.settings())
    key = manifest_key(parts.database, parts.keyring)
    pem = key.public_key_pem()
    operator.answer({"key_id": key.key_id, "public_key": pem}, f"{pem}key id {key.key_id}")


@main.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@_command
def verify_audit(operator: Operator) -> None:
    """Check every entry of every organization's log; exit 0 only where all hold."""
    entries = operator.service().journey.account.verify_audit()
    operator.answer({"entries": entries}, f"All {entries} entries hold.")


if __name__ == "__main__":
    main()
