"""The case descriptions: ``ACCESSION.json`` in one folder, as a laboratory's system exports them. Never sent."""

import os
import stat
from pathlib import Path
from typing import Final

from transfer_service.client.deposit.case import Case, read_case
from transfer_service.client.failures import ClientFailure, UsageWrong
from transfer_service.client.watch.gone import FolderGone

_ENDING: Final = ".json"
_Look = tuple[int, int]


class CaseMissing(ClientFailure):
    """No file describes the case yet."""

    code = "case_missing"
    message = "no case description of that accession number is there yet"


class Cases:
    """The folder of case descriptions, as it was at the last `look`; a file is read again when it looks otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places: dict[str, str] = {}
        self._read: dict[str, tuple[_Look, Case | ClientFailure]] = {}

    def look(self) -> None:
        """Which there are now. FolderGone."""
        try:
            with os.scandir(self.folder) as entries:
                places = {_key(entry.name): entry.path for entry in entries if entry.name.lower().endswith(_ENDING)}
        except OSError as error:
            raise FolderGone(
                f"{self.folder}, where the case descriptions are, can't be read: {error.strerror}."
            ) from None
        self._places = places
        here = set(places.values())
        # What was wrong is read again: it may have been half written.
        self._read = {
            place: known for place, known in self._read.items() if place in here and isinstance(known[1], Case)
        }

    def of(self, accession: str) -> Case:
        """The case of that accession number. CaseMissing; UsageWrong where its file is not right."""
        place = self._places.get(_key(f"{accession}{_ENDING}"))
        if place is None:
            raise CaseMissing
        found = self._found(Path(place), accession)
        if isinstance(found, ClientFailure):
            raise found
        return found

    def _found(self, place: Path, accession: str) -> Case | ClientFailure:
        try:
            status = place.stat()
        except OSError:
            return CaseMissing()
        if not stat.S_ISREG(status.st_mode):
            return CaseMissing()
        look = (status.st_size, status.st_mtime_ns)
        known = self._read.get(str(place))
        if known is None or known[0] != look:
            known = self._read[str(place)] = (look, _read(place, accession))
        return known[1]


def _key(name: str) -> str:
    return name.casefold()


def _read(place: Path, accession: str) -> Case | ClientFailure:
    try:
        case = read_case(place)
    except ClientFailure as failure:
        return failure
    if str(case.draft["case"]["accession_number"]).strip().casefold() != accession.casefold():
        return UsageWrong("Its case description is of another accession number than its name says.")
    return case
