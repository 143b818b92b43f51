"""What the use cases need of an object store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store says of an object: its entity tag, unquoted, and its size in bytes."""

    etag: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class StoredPart:
    """What the store says of one part of a running upload."""

    number: int
    etag: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RunningUpload:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str


class ObjectBody(Protocol):
    """An open ranged read. Use it in a ``with`` statement, so that its connection is given back."""

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty only when the range has ended in full."""
        ...

    def __enter__(self) -> "ObjectBody": ...

    def __exit__(self, *exc_info: object) -> None: ...


class ObjectStore(Protocol):
    """A bucket of opaque objects under random keys. Every call has a time limit and bounded retries.

    Every method raises ``Unavailable`` where the store does not answer in time or is overloaded.
    """

    def put_once(self, key: str, data: bytes | memoryview) -> str:
        """Store a whole object under a key never used before; its ETag. ``ObjectExists`` otherwise."""
        ...

    def begin_upload(self, key: str) -> str:
        """Begin a multipart upload; its upload id."""
        ...

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        """Store one part (numbers from 1), replacing an earlier attempt; its ETag. ``UploadGone``."""
        ...

    def list_parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """All parts present, by number; some stores list every attempt at a part. ``UploadGone``."""
        ...

    def complete_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Join (number, ETag) pairs into the object. ``PartsRefused``, ``UploadGone``.

        Success is only what ``head`` confirms afterwards.
        """
        ...

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts; content where it is gone already."""
        ...

    def head(self, key: str) -> StoredObject | None:
        """The object as the store has it, or None."""
        ...

    def read(self, key: str, etag: str, start: int, length: int) -> ObjectBody:
        """Bytes [start, start + length) of exactly that version.

        ``ObjectMissing`` where it is gone, ``SealBroken`` where the ETag is another; a body that ends early
        raises ``Unavailable`` when read.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; content where it is gone already."""
        ...

    def objects(self) -> Iterator[str]:
        """Every object key in the bucket, a page at a time."""
        ...

    def uploads(self) -> Iterator[RunningUpload]:
        """Every running multipart upload in the bucket."""
        ...

    def check(self) -> None:
        """Return where the bucket answers; else ``Unavailable``."""
        ...
