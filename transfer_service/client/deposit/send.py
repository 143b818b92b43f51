"""Send: a folder's files become a closed packet. Run again, it goes on where it stopped.

In order:

1. What can't be sent is said before anything is.
2. The packet that the journal names, or a new one; the key that opens it once is in the journal before the request.
3. What the service has already is not sent again; what changed since is refused, unless it may be replaced.
4. All other files, part by part, a few at a time.
5. Close: the service reads every file back, then signs the manifest, which must name what was read here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from transfer_service.client.deposit.case import is_of
from transfer_service.client.deposit.compare import Comparison
from transfer_service.client.deposit.journal import Journal
from transfer_service.client.deposit.pipeline import send_all
from transfer_service.client.deposit.scan import Contents
from transfer_service.client.deposit.upload import Packet
from transfer_service.client.failures import IntegrityBroken, NotSent, Refused, UsageWrong
from transfer_service.client.progress import Progress, Silence
from transfer_service.client.service import Service
from transfer_service.errors import SealBroken
from transfer_service.sealing.manifest import verify

USUAL_PARALLEL: Final = 2
#: A part that had left when its client was killed takes the service a while to store: it is waited for, not sent again.
SETTLED_AFTER_S: Final = 2.0
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.2, 3.0


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How to send. ``skip`` names kinds of oddities that are left out rather than refused (see `scan`).

    ``replace``: what changed after it was sent takes the place of what was sent. ``keep``: what is complete in the
    packet stays in it, also where the folder has it no more. ``manifest_key`` is the pinned public key (PEM) that the
    receipt is verified with.
    """

    parallel: int = USUAL_PARALLEL
    skip: frozenset[str] = frozenset()
    replace: bool = False
    manifest_key: str | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the department keeps: the packet, its signed manifest, and the id of the key that signed it."""

    packet_id: str
    manifest: Mapping[str, Any]
    signature: str
    key_id: str

    def document(self) -> dict[str, Any]:
        """As it is saved; `transfer_service.sealing.manifest.verify` takes its parts."""
        return {"manifest": self.manifest, "signature": self.signature, "key_id": self.key_id}


@dataclass(frozen=True, slots=True)
class Deposited:
    """What was put in a packet: SHA-256 (hex) by path of what is there, and why by path of what is not."""

    packet_id: str
    digests: Mapping[str, str]
    failed: Mapping[str, str]
    is_open: bool = True


def send_packet(
    service: Service,
    contents: Contents,
    draft: Mapping[str, Any] | None,
    journal: Journal,
    options: SendOptions = SendOptions(),
    progress: Progress | None = None,
) -> Receipt:
    """Send a folder's ``contents`` (`scan`) as the packet that ``draft`` (`packet_draft`) describes, and close it.

    A packet that the journal names may be gone on with without its ``draft``. NotSent where some files could not be
    sent; the packet then stays open. Refused, TokenRefused, Unreachable, IntegrityBroken.
    """
    progress = progress or Silence()
    if not options.keep:
        check_sendable(contents, options)
    sending = _Sending(service.for_work(progress.waiting), contents, journal, options, progress)
    return sending.run(draft)


def deposit_files(
    service: Service,
    contents: Contents,
    draft: Mapping[str, Any] | None,
    journal: Journal,
    options: SendOptions = SendOptions(),
    progress: Progress | None = None,
) -> Deposited:
    """The same, without closing: more may come."""
    progress = progress or Silence()
    return _Sending(service.for_work(progress.waiting), contents, journal, options, progress).deposit(draft)


def check_sendable(contents: Contents, options: SendOptions = SendOptions()) -> None:
    """NotSent, before anything is sent, where something in the folder can't be and was not said to be skipped."""
    odd = [each for each in contents.oddities if each.kind not in options.skip]
    if odd:
        ways = " ".join(f"--skip {kind}" for kind in sorted({each.kind for each in odd}))
        raise NotSent(
            "Nothing was sent: some of what is in the folder can't be.",
            advice=f"Take it out of the folder, rename it, or send the others without it: {ways}.",
            files={each.path: each.why for each in odd},
        )
    if not contents.files:
        raise NotSent("Nothing was sent: there is no file in the folder.", advice="", files={})


class _Sending:
    def __init__(
        self, service: Service, contents: Contents, journal: Journal, options: SendOptions, progress: Progress
    ) -> None:
        self._service, self._contents, self._journal = service, contents, journal
        self._options, self._progress = options, progress
        self._digests: dict[str, str] = {}

    def deposit(self, draft: Mapping[str, Any] | None) -> Deposited:
        shown = self._packet(draft)
        failed = self._deposit(f"/packets/{shown['id']}", shown)
        return Deposited(shown["id"], self._digests, failed, shown["state"] == "open")

    def run(self, draft: Mapping[str, Any] | None) -> Receipt:
        shown = self._packet(draft)
        url = f"/packets/{shown['id']}"
        self._deposit_all(url, shown)
        receipt = self._closed(url)
        if receipt is None:  # a file was rejected, for which sending it once more is the remedy
            self._deposit_all(url, self._service.get(url))
            receipt = self._closed(url)
        if receipt is None:
            raise NotSent(files=self._not_verified(url))
        self._check(receipt)
        return receipt

    def _packet(self, draft: Mapping[str, Any] | None) -> dict[str, Any]:
        """The journal's packet as it is now, or a new one."""
        if self._journal.packet_id is None:
            if draft is None:
                raise UsageWrong("There is no case description to open a packet with.")
            key = self._journal.opening_key(json.dumps(draft, sort_keys=True).encode())
            opened: dict[str, Any] = self._service.post("/packets", draft, key=key)
            self._journal.remember_packet(opened["id"])
            return opened
        self._settle()
        shown = self._found(self._journal.packet_id)
        if shown["state"] == "retired" or not (draft is None or is_of(draft, shown)):
            raise self._other(f"packet {shown['id']}, which is retired or has another case description")
        return shown

    def _found(self, packet_id: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._service.get(f"/packets/{packet_id}")
        except Refused as refused:
            if refused.word == "not_found":
                raise self._other(f"packet {packet_id}, which is gone, or of another department") from None
            raise
        return found

    def _other(self, which: str) -> Refused:
        instead = (
            "send what is new of it by itself" if self._options.keep else "send the folder as a new packet with --new"
        )
        advice = f"Put the case right, or {instead}."
        return Refused(f"This was sent as {which}.", word="other_packet", status=0, advice=advice)

    def _settle(self) -> None:
        """Wait for parts that were on their way when the last run ended."""
        wait_s = SETTLED_AFTER_S - self._journal.sent_ago_s()
        if wait_s > 0:
            self._service.patience.pause(wait_s)

    def _deposit_all(self, url: str, shown: Mapping[str, Any]) -> None:
        failed = self._deposit(url, shown)
        if failed:
            raise _not_sent(failed, is_open=shown["state"] == "open")

    def _deposit(self, url: str, shown: Mapping[str, Any]) -> dict[str, str]:
        """Why, by path, of what could not be sent; the digests of what is there are kept."""
        packet, options = Packet(self._service, url, self._journal, self._progress), self._options
        found = Comparison(packet, shown, replace=options.replace, keep=options.keep).compare(self._contents.files)
        self._progress.begin("sending", len(found.uploads), sum(each.file.size_bytes for each in found.uploads))
        send_all(found.uploads, self._options.parallel, self._service.patience)
        failed = found.failed | {each.file.path: str(each.failure) for each in found.uploads if each.failure}
        for path, why in failed.items():
            self._progress.file_failed(path, why)
        self._digests |= found.digests | {each.file.path: each.sha256 for each in found.uploads if not each.failure}
        return failed

    def _closed(self, url: str) -> Receipt | None:
        """The receipt, once the service has read everything back; None where it rejected a file."""
        self._progress.note("Everything is there. The service reads it back, then the packet closes.")
        look_s = _FIRST_LOOK_S
        try:
            while (answer := self._service.ask(f"{url}/close", {"when_verified": True}))["state"] != "closed":
                self._service.patience.pause(look_s)
                look_s = min(_LONGEST_LOOK_S, look_s * 1.5)
        except Refused as refused:
            if refused.word == "files_unverified":
                return None
            raise
        return Receipt(answer["id"], answer["manifest"], answer["signature"], answer["key_id"])

    def _not_verified(self, url: str) -> dict[str, str]:
        return {
            file["path"]: f"the service could not verify it ({file['rejected_code'] or file['state']})"
            for file in self._service.get(url)["files"]
            if file["state"] != "verified"
        }

    def _check(self, receipt: Receipt) -> None:
        """IntegrityBroken unless it names every file as it was read here, and the pinned key signed it."""
        if self._options.manifest_key is not None:
            try:
                verify(receipt.manifest, receipt.signature, self._options.manifest_key)
            except SealBroken:
                raise IntegrityBroken("The receipt is not signed by the manifest key that is pinned here.") from None
        closed = {file["path"]: file["sha256"] for file in receipt.manifest["files"]}
        wrong = sorted(path for path, digest in self._digests.items() if closed.get(path) != digest)
        if wrong:
            raise IntegrityBroken("The receipt does not name these files as they were read here.", files=wrong)


def _not_sent(files: Mapping[str, str], *, is_open: bool) -> NotSent:
    if is_open:
        return NotSent(
            advice="Put them right and run the same command again: what was sent is not sent again.", files=files
        )
    return NotSent(
        "The packet is closed, and the folder is not as it was then.",
        advice="A closed packet never changes: put the folder back as it was, or send it as another packet with --new.",
        files=files,
    )
