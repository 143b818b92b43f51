"""Which packet is meant: by its id, or by the folder that it was sent from."""

import re
from pathlib import Path

from transfer_service.client.deposit.journal import Journal
from transfer_service.client.failures import UsageWrong
from transfer_service.client.service import Service

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def packet_named(service: Service, word: str) -> str:
    """The packet's id. UsageWrong where it is none, and no folder that was sent from here."""
    if _ID.fullmatch(word.lower()):
        return word.lower()
    folder = Path(word)
    if not folder.is_dir():
        raise UsageWrong("Say which packet: its id, or the folder that it was sent from.")
    with Journal.of(service.base_url, folder) as journal:
        if journal.packet_id is None:
            raise UsageWrong(
                "That folder was not sent to this service from here.",
                advice="packet status lists the department's packets, with their ids.",
            )
        return journal.packet_id
