"""``standalone``, ``serve``, ``worker``, ``migrate``: the parts that run, and what they run on."""

import logging
import os
import signal
import time
from pathlib import Path

import click

from transfer_service.adapters.database import migrate as migrate_database
from transfer_service.app import create_app, create_worker, object_store
from transfer_service.cli.operator import DATA, Operator, command
from transfer_service.edge.gateway_server import serve as serve_web
from transfer_service.edge.metrics import check_counts_are_shared
from transfer_service.errors import Unavailable
from transfer_service.logs import log_as_json, log_to_whoever_reads
from transfer_service.settings import Settings
from transfer_service.standalone import run_standalone
from transfer_service.standalone.tether import die_with, give_memory_back, keep_private

BUCKET_WITHIN_S = 60.0

_log = logging.getLogger("transfer_service.cli")


@click.command()
@click.option("--host", help="Loopback, unless a proxy with TLS stands in front (behind_tls_proxy).")
@click.option("--port", type=click.IntRange(0, 65535), help="8080, or that of before; 0 takes a free one.")
@command
def standalone(operator: Operator, host: str | None, port: int | None) -> None:
    """Run everything on this machine, in one folder."""
    data = operator.data or os.environ.get(DATA)
    if not data:
        raise click.UsageError(f"Say where with --data, or set {DATA}.")
    log_to_whoever_reads()
    keep_private()
    run_standalone(Path(data), host=host, port=port, announce=lambda address: click.echo(f"listening on {address}"))


@click.command()
@command
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


@click.command()
@command
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


@click.command()
@click.option("--with-bucket", is_flag=True, help="Also wait for the object store, and make the bucket.")
@command
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
