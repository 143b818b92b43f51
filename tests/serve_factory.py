"""Serves one app factory with the real server: ``python -m tests.serve_factory MODULE:FACTORY THREADS PATIENCE``."""

import importlib
import json
import sys

from transfer_service.edge.gateway_server import serve
from transfer_service.edge.gateway_worker import Patience
from transfer_service.logs import log_as_json


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    factory = getattr(importlib.import_module(module), name)
    log_as_json()
    serve(
        factory,
        bind=["127.0.0.1:0"],
        threads=int(sys.argv[2]),
        stop_within_s=10,
        patience=Patience(**json.loads(sys.argv[3])),
        on_listening=lambda addresses: print(f"listening on {addresses[0]}", flush=True),  # noqa: T201 - the parent reads it
    )


if __name__ == "__main__":
    main()
