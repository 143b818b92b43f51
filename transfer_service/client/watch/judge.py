"""How each slide stands: finished or not, taken or not, and what it lacks."""

from collections.abc import Iterable, Sequence

from transfer_service.client.deposit.case import Case
from transfer_service.client.deposit.upload import Unreadable
from transfer_service.client.failures import ClientFailure
from transfer_service.client.watch.cases import CaseMissing, Cases
from transfer_service.client.watch.copies import Digests, Pool
from transfer_service.client.watch.ledger import Ledger
from transfer_service.client.watch.mirax import why_not_whole
from transfer_service.client.watch.opened import Opened, PacketState
from transfer_service.client.watch.settling import Settling, why_not_readable
from transfer_service.client.watch.slides import Slide
from transfer_service.client.watch.standing import Standing, State
from transfer_service.client.watch.taken import FileState
from transfer_service.client.watch.trial import NO_MATCH

_CHANGED = "it was rewritten after it was taken; under another name it would be taken as another slide"
COPY = "its bytes were taken already, under another name"
_LATE = "its packet is closed; --late new-packet would send it in a packet of its own"
_NO_ADDRESS = "the patient can't be asked: the case has no e-mail address"


class Judge:
    """Looks at one slide after the other; reads a file through only where nothing less can tell."""

    def __init__(
        self, ledger: Ledger, cases: Cases, settling: Settling, digests: Digests, *, asks: bool, late_too: bool
    ) -> None:
        self._ledger, self._cases, self._settling, self._digests = ledger, cases, settling, digests
        self._asks, self._late_too = asks, late_too
        self._packets: dict[str, list[Opened]] = {}

    def judge(self, slides: Iterable[Slide], at_s: float) -> list[Standing]:
        """How each stands now, on the clock of `Settling`."""
        self._packets = {}
        return [self._one(slide, at_s) for slide in slides]

    def pool(self, packets: Sequence[Opened]) -> Pool:
        """What was sent in these packets."""
        files = self._ledger.files
        return Pool(self._digests, [(size, digest) for each in packets for _, size, digest in files.sent(each.key)])

    def _one(self, slide: Slide, at_s: float) -> Standing:
        if slide.accession is None:
            return Standing(slide, State.UNMATCHED, slide.refused or NO_MATCH)
        if slide.refused:
            return Standing(slide, State.REFUSED, slide.refused)
        return self._known(slide) or self._unfinished(slide, at_s) or self._finished(slide, slide.accession)

    def _known(self, slide: Slide) -> Standing | None:
        """As the ledger has it, where it has all of it as it looks now."""
        states = set()
        for file in slide.files:
            known = self._ledger.files.find(file.path)
            if known is None or known.stamp != file.stamp or known.state is FileState.SENDING:
                return None
            states.add(known.state)
        if FileState.CHANGED in states:
            return Standing(slide, State.CHANGED, _CHANGED)
        return Standing(slide, State.COPY, COPY) if states == {FileState.COPY} else Standing(slide, State.TAKEN)

    def _unfinished(self, slide: Slide, at_s: float) -> Standing | None:
        growing = self._settling.why_not(slide.files, at_s)
        if growing:
            return Standing(slide, State.GROWING, growing)
        lacks = why_not_whole(slide) if slide.is_mirax else ""
        return Standing(slide, State.WAITING, lacks) if lacks else None

    def _finished(self, slide: Slide, accession: str) -> Standing:
        try:
            self._read_again(slide)
            return self._known(slide) or self._fresh(slide, accession)
        except Unreadable as failure:
            return Standing(slide, State.WAITING, str(failure))

    def _read_again(self, slide: Slide) -> None:
        """What looks otherwise than when it was taken: its bytes tell whether it is."""
        files = self._ledger.files
        for file in slide.files:
            known = files.find(file.path)
            if known is None or known.stamp == file.stamp or known.state is FileState.SENDING:
                continue
            if known.state is FileState.COPY:
                files.forget(file.path)
            else:
                same = self._digests.of(file) == known.sha256
                files.looked_through(file, FileState.TAKEN if same else FileState.CHANGED)

    def _fresh(self, slide: Slide, accession: str) -> Standing:
        if accession not in self._packets:
            self._packets[accession] = self._ledger.packets.of(accession)
        packets = self._packets[accession]
        last = packets[0] if packets else None
        if last is not None and last.state is not PacketState.OPEN:
            if self.pool(packets).has(slide) and self._is_all_new(slide):
                self._ledger.files.copied(last.key, slide)
                return Standing(slide, State.COPY, COPY)
            if not self._late_too:
                return Standing(slide, State.LATE, _LATE)
        return self._with_case(slide, accession, last)

    def _is_all_new(self, slide: Slide) -> bool:
        return all(self._ledger.files.find(file.path) is None for file in slide.files)

    def _with_case(self, slide: Slide, accession: str, last: Opened | None) -> Standing:
        try:
            case = self._cases.of(accession)
        except CaseMissing as missing:
            if last is not None and last.state is PacketState.OPEN and last.id is not None:
                return _ready(slide)
            return Standing(slide, State.WAITING, str(missing))
        except ClientFailure as failure:
            return Standing(slide, State.REFUSED, str(failure))
        if self._asks and "email" not in case.draft["case"]["patient"]:
            return Standing(slide, State.REFUSED, _NO_ADDRESS)
        return _ready(slide, case)


def _ready(slide: Slide, case: Case | None = None) -> Standing:
    """The last question, as it opens files: a folder may hold a hundred thousand that wait for their case."""
    lacks = why_not_readable(slide.files)
    return Standing(slide, State.WAITING, lacks) if lacks else Standing(slide, State.READY, case=case)
