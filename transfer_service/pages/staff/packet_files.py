"""A packet's files as its page shows them: those that want something done first, some at a time, and how all stand."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from transfer_service.domain.packet import FileState, PacketFile, PacketState
from transfer_service.usecases.case_pages import CasePage
from transfer_service.wording import N_

A_PAGE = 100
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)

_ORDER = {FileState.REJECTED: 0, FileState.RECEIVING: 1, FileState.VERIFYING: 2, FileState.VERIFIED: 3}

#: Why a file was rejected, by the service's own word.
REASONS = {
    "digest_mismatch": N_("What was stored is not what was sent: its digest is another."),
    "parts_missing": N_("Parts of it were missing when it was put together."),
    "upload_gone": N_("The store had thrown away what had arrived of it."),
    "object_missing": N_("The store has lost it."),
    "packet_retired": N_("The earlier packet that it was to come from is retired."),
    "": N_("It could not be read back as it was sent."),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the files of a packet stand together; counts, and bytes."""

    files: int
    size_bytes: int
    verified: int
    rejected: int
    unfinished: int
    is_whole: bool
    is_closable: bool
    is_under_way: bool


@dataclass(frozen=True, slots=True)
class FilesPage:
    """One page of the list of files; pages are numbered from 1."""

    files: Sequence[PacketFile]
    number: int
    pages: int


def standing_of(shown: CasePage) -> Standing:
    """Counted over all files."""
    counts = Counter(_kept(file) for file in shown.files)
    waits = counts[FileState.VERIFYING] > 0
    return Standing(
        files=len(shown.files),
        size_bytes=sum(file.size_bytes for file in shown.files),
        verified=counts[FileState.VERIFIED],
        rejected=counts[FileState.REJECTED],
        unfinished=counts[FileState.RECEIVING],
        is_whole=counts[FileState.VERIFIED] == len(shown.files),
        is_closable=not counts[FileState.REJECTED] and not counts[FileState.RECEIVING],
        is_under_way=shown.packet.state is PacketState.CLOSING or (shown.packet.state is PacketState.OPEN and waits),
    )


def page_of(files: Sequence[PacketFile], asked: str) -> FilesPage:
    """The page that is asked for, or the nearest there is."""
    ordered = sorted(files, key=lambda file: (_ORDER[file.state], file.path))
    pages = max(1, -(-len(files) // A_PAGE))
    number = (
        min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < len("10000000") else 1
    )
    return FilesPage(ordered[(number - 1) * A_PAGE : number * A_PAGE], number, pages)


def _kept(file: PacketFile) -> FileState:
    """A file that is being carried over waits for the worker alone, like one that is being verified."""
    return FileState.VERIFYING if file.is_being_carried else file.state
