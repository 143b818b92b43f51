"""``packet status [PACKET | DIR]``."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from transfer_service.client.commands.packets import packet_named
from transfer_service.client.commands.told import Told, command
from transfer_service.client.failures import Refused
from transfer_service.client.printable import printable
from transfer_service.client.service import Service


@click.command()
@click.argument("packet", required=False, metavar="[PACKET | DIR]")
@command
def status(told: Told, packet: str | None) -> None:
    """How far a packet is: its files, its releases, its links. Without one, the department's newest packets."""
    service = told.staff_service()
    if packet is None:
        items = service.get("/packets?limit=20")["items"]
        lines = [f"{each['id']}  {each['state']:8}  {printable(each['case']['accession_number'])}" for each in items]
        told.answer({"packets": items}, "\n".join(lines) or "There are no packets yet.")
        return
    url = f"/packets/{packet_named(service, packet)}"
    shown = service.get(url)
    shown["releases"] = _visible(service, f"{url}/releases")
    shown["links"] = _visible(service, f"{url}/links")
    told.answer(shown, "\n".join(_lines(shown)))


def _visible(service: Service, url: str) -> list[Any]:
    """What the token's role may see of it: depositors send, and see no releases."""
    try:
        return list(service.items(url))
    except Refused as refused:
        if refused.word != "not_allowed":
            raise
        return []


def _lines(shown: Mapping[str, Any]) -> list[str]:
    states = Counter(file["state"] for file in shown["files"])
    count = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    lines = [f"Packet {shown['id']}: {shown['state']}", f"Files: {count or 'none'}"]
    lines += [f"  {file['state']:9}  {file['size']:>18,}  {printable(file['path'])}" for file in shown["files"]]
    for each in shown["releases"]:
        lines.append(f"Release {each['id']}: {each['state']}, until {each['expires_at']}")
    for each in shown["links"]:
        most = each["max_redemptions"] or "any number"
        lines.append(f"Link {each['id']}: {each['state']}, redeemed {each['redemptions']} of {most} times")
    return lines
