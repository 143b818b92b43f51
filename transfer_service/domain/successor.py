"""Successor: a packet that starts from a closed one, which itself never changes; and what differs between the two."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from transfer_service.domain.packet import Case, NotIncluded, PacketFile, Specimen


@dataclass(frozen=True, slots=True, repr=False)
class CaseChanges:
    """What of the case is otherwise in the successor; None leaves it as it was. The patient is always the same."""

    accession_number: str | None = None
    question: str | None = None
    diagnosis: str | None = None
    laterality: str | None = None
    specimens: tuple[Specimen, ...] | None = None
    not_included: tuple[NotIncluded, ...] | None = None

    def applied(self, case: Case) -> Case:
        """The case with them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(case, **{name: value for name, value in values.items() if value is not None})


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """Another content at the same path."""

    before: PacketFile
    after: PacketFile


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs, by path; ``unchanged`` is how many files are the same in both."""

    added: tuple[PacketFile, ...]
    removed: tuple[PacketFile, ...]
    changed: tuple[ChangedFile, ...]
    unchanged: int


def changes_between(before: Iterable[PacketFile], after: Iterable[PacketFile]) -> Changes:
    """The same is what has the same path and SHA-256. A file whose digest is not known yet is a changed one."""
    former = {file.path: file for file in before}
    present = {file.path: file for file in sorted(after, key=lambda file: file.path)}
    pairs = [ChangedFile(former[path], file) for path, file in present.items() if path in former]
    changed = tuple(pair for pair in pairs if _digest(pair.before) != _digest(pair.after))
    return Changes(
        added=tuple(file for path, file in present.items() if path not in former),
        removed=tuple(former[path] for path in sorted(former.keys() - present.keys())),
        changed=changed,
        unchanged=len(pairs) - len(changed),
    )


def _digest(file: PacketFile) -> str | None:
    return file.sha256 or file.declared_sha256
