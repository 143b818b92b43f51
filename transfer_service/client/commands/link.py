"""``packet link PACKET``."""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from transfer_service.client.commands.packets import packet_named
from transfer_service.client.commands.told import Told, command
from transfer_service.client.deposit.release import recipients_named
from transfer_service.client.failures import UsageWrong
from transfer_service.client.instants import rfc3339, until
from transfer_service.client.service import Service

_LIVE = frozenset({"signed", "attested"})


@click.command()
@click.argument("packet", metavar="PACKET | DIR")
@click.option("--release", "release_id", help="Where the packet has several that are signed.")
@click.option("--to", "recipient", help="Where the release names several recipients: id, e-mail address or name.")
@click.option("--until", "until_word", default="7d", show_default=True, help="When the link ends: 7d, 2026-12-31.")
@click.option("--max", "most", type=int, help="How often it may be redeemed.")
@click.option(
    "--passcode", is_flag=True, help="Proved by a passcode that you tell the recipient, not by a mailed code."
)
@command
def link(told: Told, packet: str, **words: Any) -> None:  # noqa: ANN401 - the command line, as click reads it
    """Make a link for a recipient, under a release that is signed, or for treatment. Its URL is shown once.

    The service mails it to nobody: you deliver it. A passcode goes another way than the link.
    """
    service = told.staff_service()
    packet_id = packet_named(service, packet)
    release = _release(service, packet_id, words["release_id"])
    body: dict[str, object] = {
        "release_id": release["id"],
        "recipient_id": _recipient(service, release, words["recipient"]),
        "expires_at": rfc3339(until(words["until_word"], datetime.now(UTC))),
        "verification": "passcode" if words["passcode"] else "email_code",
    }
    if words["most"] is not None:
        body["max_redemptions"] = words["most"]
    if words["passcode"]:
        body["passcode"] = _passcode()
    made = service.post(f"/packets/{packet_id}/links", body)
    told.answer(made, made["url"])


def _release(service: Service, packet_id: str, wanted: str | None) -> Mapping[str, Any]:
    known = service.items(f"/packets/{packet_id}/releases")
    found = [each for each in known if each["state"] in _LIVE and wanted in {None, each["id"]}]
    if len(found) == 1:
        return dict(found[0])
    if found:
        raise UsageWrong(
            "The packet has several live releases: say --release ID.",
            advice="packet status shows them.",
            releases=[each["id"] for each in found],
        )
    raise UsageWrong("The packet has no such release that the patient has signed.", advice="packet status shows them.")


def _recipient(service: Service, release: Mapping[str, Any], word: str | None) -> str:
    named = [str(grant["recipient_id"]) for grant in release["grants"]]
    if word is not None:
        return recipients_named(service, [word])[0]
    if len(named) > 1:
        raise UsageWrong("The release names several recipients: say whom with --to.")
    return named[0]


def _passcode() -> str:
    if os.isatty(0):
        return str(click.prompt("Passcode", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")
