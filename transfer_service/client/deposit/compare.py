"""What the service has of a folder already, and what is to be done about each file."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from transfer_service.client.deposit.journal import Stamp
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.deposit.upload import Packet, Unreadable, Upload, digest_of

_BEGUN: Final = frozenset({"receiving", "rejected"})

_NEW = "it is not in the packet, which is closed; a folder of its own, or --new with all of this one, sends it"
_CHANGED_LATE = "it is not as it was when the packet was closed; --new sends the folder as another packet"
_CHANGED = "it changed after it was sent; --replace sends what it is now in its place"
_LOST = "the service could not verify it, and it is not in the folder any more"
_CHANGED_KEPT = "it changed after it was sent; under another name it would be sent as another file"
_VANISHED = "it is in the packet, but not in the folder any more; --replace takes it out"


class Comparison:
    """One look at a packet: ``uploads`` to do, ``digests`` by path of what is there already, ``failed`` with reasons.

    ``replace``: what changed takes the place of what was sent. ``keep``: what is complete stays, gone here or not. A
    packet that is not open takes nothing more.
    """

    def __init__(self, packet: Packet, shown: Mapping[str, Any], *, replace: bool, keep: bool = False) -> None:
        self._packet, self._replace, self._keep = packet, replace, keep
        self._is_open = shown["state"] == "open"
        self._known: dict[str, Mapping[str, Any]] = {file["path"]: file for file in shown["files"]}
        self.uploads: list[Upload] = []
        self.digests: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    def compare(self, files: Iterable[LocalFile]) -> "Comparison":
        """Look at every file of the folder, and at what is gone from it."""
        here = set()
        for file in files:
            here.add(file.path)
            try:
                self.uploads += self._to_do(file)
            except Unreadable as failure:
                self.failed[file.path] = str(failure)
        if self._is_open:
            self._drop_vanished(here)
        return self

    def _to_do(self, file: LocalFile) -> Iterator[Upload]:
        known = self._known.get(file.path)
        if known is None:
            yield from self._anew(file, None if self._is_open else _NEW)
        elif known["state"] in _BEGUN:
            yield from self._rest(file, known)
        elif self._is_the_same(file, known):
            self.digests[file.path] = known["sha256"]
        elif self._is_open and self._replace:
            self._delete(known)
            yield from self._anew(file)
        else:
            self.failed[file.path] = self._why_changed()

    def _why_changed(self) -> str:
        if self._keep:
            return _CHANGED_KEPT
        return _CHANGED if self._is_open else _CHANGED_LATE

    def _anew(self, file: LocalFile, why_not: str | None = None) -> Iterator[Upload]:
        if why_not:
            self.failed[file.path] = why_not
        else:
            yield Upload(self._packet, file)

    def _rest(self, file: LocalFile, known: Mapping[str, Any]) -> Iterator[Upload]:
        """What is left of a file that was begun; all of it, where what was sent is of one that looked otherwise."""
        sent = self._packet.journal.sent(known["id"])
        if known["size"] == file.size_bytes and (sent is None or sent.stamp == _stamp(file)):
            yield Upload(self._packet, file, known)
        else:
            self._delete(known)
            yield Upload(self._packet, file)

    def _is_the_same(self, file: LocalFile, known: Mapping[str, Any]) -> bool:
        journal, stamp = self._packet.journal, _stamp(file)
        sent = journal.sent(known["id"])
        if sent is not None and sent.stamp == stamp and sent.digest == known["sha256"]:
            return True
        if known["size"] != file.size_bytes or digest_of(file) != known["sha256"]:
            return False
        journal.remember_file(known["id"], stamp, known["sha256"])
        return True

    def _drop_vanished(self, here: set[str]) -> None:
        """What this folder sent and has no more: what of it was complete goes only where it may be replaced."""
        for path, file in self._known.items():
            if path in here or self._packet.journal.sent(file["id"]) is None:
                continue
            if self._keep:
                self._let_go(file)
            elif self._replace or file["state"] in _BEGUN:
                self._delete(file)
            else:
                self.failed[path] = _VANISHED

    def _let_go(self, file: Mapping[str, Any]) -> None:
        """Of what need not be here any more: only what never arrived goes."""
        if file["state"] == "receiving":
            self._delete(file)
        elif file["state"] == "rejected":
            self.failed[file["path"]] = _LOST

    def _delete(self, known: Mapping[str, Any]) -> None:
        self._packet.service.delete(f"{self._packet.url}/files/{known['id']}")


def _stamp(file: LocalFile) -> Stamp:
    try:
        return Stamp.of(os.stat(file.place))  # noqa: PTH116 - what an open file's fstat is compared with
    except OSError as error:
        raise Unreadable(f"it can't be read: {error.strerror}") from None
