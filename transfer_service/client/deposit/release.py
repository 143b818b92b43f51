"""Asking the patient: who may see the packet, why, and until when. A coordinator's token is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from transfer_service.client.failures import Refused, UsageWrong
from transfer_service.client.printable import printable
from transfer_service.client.service import Service

USUAL_PURPOSE: Final = "Second opinion on breast pathology"
_LIVE: Final = frozenset({"requested", "awaiting_confirmation", "signed"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the patient is asked for; ``expires_at`` is RFC 3339."""

    recipient_ids: tuple[str, ...]
    purpose: str
    expires_at: str


def recipients_named(service: Service, words: Sequence[str]) -> tuple[str, ...]:
    """The ids of the recipients that the words name: by id, by e-mail address or by a name that only one has."""
    try:
        known = list(service.items("/recipients"))
    except Refused as refused:
        if refused.word == "not_allowed":
            refused.advice = "Asking the patient takes a coordinator's token. Without --to, the packet is only sent."
        raise
    return tuple(dict.fromkeys(_one(known, word) for word in words))


def ask_patient(service: Service, packet_id: str, wish: Wish) -> Mapping[str, Any]:
    """The release: the one that asks for the same already, or a new one, for which the patient gets a letter."""
    url = f"/packets/{packet_id}/releases"
    for release in service.items(url):
        recipients = {grant["recipient_id"] for grant in release["grants"]}
        if release["state"] in _LIVE and recipients == {*wish.recipient_ids} and release["purpose"] == wish.purpose:
            return dict(release)
    body = {
        "grants": [{"recipient_id": each} for each in wish.recipient_ids],
        "purpose": wish.purpose,
        "expires_at": wish.expires_at,
        "basis": "authorization",
    }
    return dict(service.post(url, body))


def _one(known: Sequence[Mapping[str, Any]], word: str) -> str:
    wanted = word.strip().casefold()
    found = {each["id"] for each in known if wanted in {each["id"], each["email"].casefold(), each["name"].casefold()}}
    if len(found) == 1:
        return str(found.pop())
    which = "There are several recipients" if found else "There is no recipient"
    raise UsageWrong(
        f"{which} called {printable(word)!r}.",
        advice="Name one by e-mail address or id. Who is not enrolled yet is by POST /recipients (docs/curl.md).",
    )
