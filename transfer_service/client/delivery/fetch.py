"""Fetch: what a link opens becomes files in a folder. Run again, it goes on where it stopped.

In order:

1. The link, and who you are: one redemption is counted, however often this is run.
2. The manifest, saved beside the files; where a key is pinned, its signature.
3. Every file, a few at a time, into temporary names; the room for them is looked at first.
4. A file has its final name once its size and SHA-256 are those of the manifest.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

from transfer_service.client.delivery.admission import Admitted, Answer, admitted
from transfer_service.client.delivery.delivery import Delivery
from transfer_service.client.delivery.download import Download, InTheWay, Wanted
from transfer_service.client.delivery.link_url import LinkUrl
from transfer_service.client.delivery.sealed_state import SealedState
from transfer_service.client.failures import (
    ClientFailure,
    DiskFull,
    IntegrityBroken,
    NotFetched,
    Refused,
    TokenRefused,
    UsageWrong,
)
from transfer_service.client.lanes import Lanes
from transfer_service.client.long_paths import reachable
from transfer_service.client.printable import printable
from transfer_service.client.progress import Progress, Silence
from transfer_service.client.service import Service

USUAL_PARALLEL: Final = 2
_OVER: Final = frozenset(
    {"link_expired", "link_revoked", "link_used_up", "link_locked", "release_withdrawn", "release_expired",
     "release_not_signed", "packet_retired", "packet_not_closed", "recipient_changed"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch. ``overwrite``: other files that stand in the way are replaced. ``manifest_key``: pinned, PEM."""

    parallel: int = USUAL_PARALLEL
    overwrite: bool = False
    manifest_key: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the files by manifest path, the case as it was released, and whether the signature was checked."""

    files: tuple[Wanted, ...]
    released: Mapping[str, Any] = field(repr=False)
    signature_checked: bool = False


def fetch_packet(
    service: Service,
    link: LinkUrl,
    folder: Path,
    answer: Answer,
    options: FetchOptions = FetchOptions(),
    progress: Progress | None = None,
) -> Fetched:
    """Fetch what ``link`` opens into ``folder``; ``answer`` asks the person for the code or passcode.

    Refused (the link is over: what is complete stays), NotFetched, DiskFull, IntegrityBroken, Unreachable.
    """
    progress = progress or Silence()
    service = service.for_work(progress.waiting)
    base = _made(folder)
    state = SealedState(link, base)
    try:
        inside = admitted(service, link, state, answer)
    except Refused as refused:
        raise _advised(refused, {}) from None
    return _Fetching(inside, base, options, progress).run()


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return reachable(folder)
    except OSError as error:
        raise UsageWrong(f"{folder} can't be made: {error.strerror}.") from None


class _Fetching:
    def __init__(self, inside: Admitted, folder: Path, options: FetchOptions, progress: Progress) -> None:
        self._service, self._released = inside.service, inside.released
        self._folder, self._options, self._progress = folder, options, progress
        self._failed: dict[str, str] = {}
        self._lock = Lock()

    def run(self) -> Fetched:
        delivery = Delivery.read(self._released["manifest"])
        if self._options.manifest_key is not None:
            delivery.check_signature(self._options.manifest_key)
        wanted = delivery.wanted(self._folder)
        self._prepare(delivery, wanted)
        self._progress.begin("fetching", len(wanted), sum(each.size_bytes for each in wanted))
        self._fetch(wanted)
        if self._failed:
            raise NotFetched(files=dict(self._failed))
        return Fetched(tuple(wanted), self._released, self._options.manifest_key is not None)

    def _prepare(self, delivery: Delivery, wanted: list[Wanted]) -> None:
        missing, free = sum(each.missing_bytes() for each in wanted), shutil.disk_usage(self._folder).free
        if missing > free:
            raise DiskFull(f"{missing:,} bytes are to come, and {self._folder} has room for {free:,}.")
        try:
            delivery.save(self._folder)
        except OSError as error:
            raise UsageWrong(f"{self._folder} can't be written: {error.strerror}.") from None
        for each in wanted:
            if each.place.relative_to(self._folder).as_posix() != each.path:
                self._progress.note(f"{printable(each.path)} is called {each.place.relative_to(self._folder)} here.")

    def _fetch(self, wanted: list[Wanted]) -> None:
        stream = iter(wanted)

        def lane() -> None:
            while True:
                with self._lock:
                    each = next(stream, None)
                if each is None:
                    return
                self._one(each)

        try:
            Lanes(self._options.parallel, lane, self._service.patience).run()
        except Refused as refused:
            raise _advised(refused, self._released["packet"]) from None
        except TokenRefused as refused:
            refused.advice = "It lives for a day. Run the same command again: it asks who you are, and goes on."
            raise

    def _one(self, wanted: Wanted) -> None:
        try:
            self._make_folder(wanted)
            Download(self._service, wanted, self._progress, overwrite=self._options.overwrite).run()
        except (DiskFull, Refused, TokenRefused):
            raise
        except IntegrityBroken as failure:
            raise IntegrityBroken(f"{printable(wanted.path)}: {failure}") from None
        except ClientFailure as failure:
            if type(failure) not in {ClientFailure, InTheWay}:
                raise
            self._failed[wanted.path] = str(failure)
            self._progress.file_failed(wanted.path, str(failure))

    def _make_folder(self, wanted: Wanted) -> None:
        """The file's folder, inside of ours: a link that somebody made there leads out, and is not followed."""
        above = wanted.place.parent
        if not above.resolve().is_relative_to(self._folder):
            raise ClientFailure(f"{above.relative_to(self._folder)} leads out of the folder")
        try:
            above.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClientFailure(f"its folder can't be made: {error.strerror}") from None


def _advised(refused: Refused, packet: Mapping[str, Any]) -> Refused:
    """Whom to call."""
    whom = "the hospital's department that gave you the link"
    if packet:
        whom = f"{printable(packet['department'])} of {printable(packet['organization'])}, which released it"
    if refused.word in _OVER:
        refused.advice = f"Ask {whom}. What is complete stays; a new link goes on with the rest."
    elif refused.word == "not_found":
        refused.advice = f"Look whether the whole link was copied; if so, ask {whom}."
    return refused
