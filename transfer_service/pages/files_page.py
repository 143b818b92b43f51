"""What the page of released files says: when it ends, which openings are left, how far each file came, what to type."""

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from transfer_service.domain.bag import bag_name
from transfer_service.domain.disclosure import Disclosure
from transfer_service.errors import NotFound
from transfer_service.pages.language import _, words
from transfer_service.usecases.admit import Released

FILES_A_PAGE = 100
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def files_shown(
    released: Released, received: Mapping[UUID, Disclosure], wanted_page: int, now: datetime
) -> dict[str, Any]:
    """The released files of a page of the list, each with how far it came; and when all of it ends."""
    pages = max(1, ceil(len(released.files) / FILES_A_PAGE))
    number = min(wanted_page, pages)
    shown = released.files[(number - 1) * FILES_A_PAGE : number * FILES_A_PAGE]
    return {
        "released": released,
        "files": [(file, received.get(file.id)) for file in shown],
        "number": number,
        "pages": pages,
        "ends": ends_in(min(released.link.expires_at, released.release.expires_at) - now),
    }


def ends_in(left: timedelta) -> str:
    """How long it is still good for, in the largest unit that is whole."""
    if left >= _DAY:
        return words().plural("Expires in %(count)s day.", "Expires in %(count)s days.", left // _DAY)
    if left >= _HOUR:
        return words().plural("Expires in %(count)s hour.", "Expires in %(count)s hours.", left // _HOUR)
    return _("Expires in less than an hour.")


def progress_said(disclosure: Disclosure | None) -> str:
    """How far a file came, in a sentence; nothing where nothing left."""
    if disclosure is None or not (disclosure.completed_at or disclosure.distinct_bytes):
        return ""
    if disclosure.completed_at is not None:
        return _("Downloaded completely on %(day)s.", day=words().day(disclosure.completed_at))
    return _("Downloaded in part: %(sent)s so far.", sent=words().size(disclosure.distinct_bytes))


def progress_shown(received: Mapping[UUID, Disclosure]) -> dict[str, dict[str, object]]:
    """The same for a script: by file, the sentence, whether the file is whole, and the bytes that came."""
    return {
        str(file_id): {
            "said": progress_said(disclosure),
            "whole": disclosure.completed_at is not None,
            "bytes": disclosure.distinct_bytes,
        }
        for file_id, disclosure in received.items()
    }


def name_of(released: Released, file_id: UUID | None) -> str:
    """What a file is saved as; the archive, for None. NotFound."""
    if file_id is None:
        return f"{bag_name(released.packet.id)}.zip"
    for file in released.files:
        if file.id == file_id:
            return file.path.rpartition("/")[2]
    raise NotFound


def command(url: str, name: str) -> str:
    """A line for a shell that downloads from ``url``, or goes on: the address is in no list of processes."""
    path = shlex.quote(f"./{name}" if name.startswith("-") else name)
    return f"echo 'url = \"{url}\"' | curl -K - --fail --retry 10 -C - -o {path}"
