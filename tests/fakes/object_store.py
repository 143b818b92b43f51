"""An object store in memory, as strict as S3 where the port lets a caller notice."""

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from transfer_service.errors import ObjectExists, ObjectMissing, PartsRefused, SealBroken, Unavailable, UploadGone
from transfer_service.ports import RunningUpload, StoredObject, StoredPart


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def no_fault(_step: str) -> None:
    """What ``before`` and ``after`` do unless a test says otherwise."""


@dataclass
class Upload:
    key: str
    attempts: dict[tuple[int, str], bytes] = field(default_factory=dict)


class FakeBody:
    """Gives out ``stored``; ends in ``Unavailable`` where that is shorter than the range."""

    def __init__(self, stored: bytes, length: int) -> None:
        self._stored = stored
        self._left = length
        self.closed = False

    def read(self, size: int) -> bytes:
        piece, self._stored = self._stored[: min(size, self._left)], self._stored[size:]
        if not piece and self._left and size:
            raise Unavailable
        self._left -= len(piece)
        return piece

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.closed = True


class FakeObjectStore:
    """Thread-safe. Each call runs ``before(step)``, does its work, then runs ``after(step)``.

    ``step`` is the method's name. A hook that raises in ``before`` is a store that does nothing; one that
    raises in ``after`` is an answer lost on its way. ``contents`` maps keys to (ETag, bytes), and a test
    may change it to play a store that lies or a bucket that was tampered with. With ``keeps_all_attempts``
    it lists every attempt at a part and completes with any of them, as SeaweedFS does; else the last alone,
    as S3 does.
    """

    def __init__(self, smallest_part_bytes: int = 0, *, keeps_all_attempts: bool = False) -> None:
        self.contents: dict[str, tuple[str, bytes]] = {}
        self.before: Callable[[str], None] = no_fault
        self.after: Callable[[str], None] = no_fault
        self._running: dict[str, Upload] = {}
        self._keeps_all_attempts = keeps_all_attempts
        self._smallest_part_bytes = smallest_part_bytes
        self._lock = threading.RLock()

    def tamper(self, key: str, data: bytes) -> None:
        """Other bytes under the same ETag."""
        self.contents[key] = (self.contents[key][0], data)

    def put_once(self, key: str, data: bytes | memoryview) -> str:
        return self._do("put_once", lambda: self._put_once(key, bytes(data)))

    def begin_upload(self, key: str) -> str:
        return self._do("begin_upload", lambda: self._begin(key))

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        return self._do("put_part", lambda: self._put_part(self._upload(key, upload_id), number, bytes(data)))

    def list_parts(self, key: str, upload_id: str) -> list[StoredPart]:
        return self._do("list_parts", lambda: self._list_parts(self._upload(key, upload_id)))

    def complete_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        self._do("complete_upload", lambda: self._complete(key, upload_id, parts))

    def abort_upload(self, key: str, upload_id: str) -> None:
        self._do("abort_upload", lambda: self._abort(key, upload_id))

    def head(self, key: str) -> StoredObject | None:
        return self._do("head", lambda: self._head(key))

    def read(self, key: str, etag: str, start: int, length: int) -> FakeBody:
        return self._do("read", lambda: self._read(key, etag, start, length))

    def delete(self, key: str) -> None:
        self._do("delete", lambda: self.contents.pop(key, None))

    def objects(self) -> Iterator[str]:
        return iter(self._do("objects", lambda: sorted(self.contents)))

    def uploads(self) -> Iterator[RunningUpload]:
        return iter(self._do("uploads", lambda: [RunningUpload(u.key, i) for i, u in self._running.items()]))

    def check(self) -> None:
        self._do("check", lambda: None)

    def _do(self, step, work):
        self.before(step)
        with self._lock:
            answer = work()
        self.after(step)
        return answer

    def _put_once(self, key: str, data: bytes) -> str:
        if key in self.contents:
            raise ObjectExists
        self.contents[key] = (md5(data), data)
        return md5(data)

    def _begin(self, key: str) -> str:
        upload_id = uuid.uuid4().hex
        self._running[upload_id] = Upload(key)
        return upload_id

    def _upload(self, key: str, upload_id: str) -> Upload:
        upload = self._running.get(upload_id)
        if upload is None or upload.key != key:
            raise UploadGone
        return upload

    def _put_part(self, upload: Upload, number: int, data: bytes) -> str:
        etag = md5(data)
        if not self._keeps_all_attempts:
            upload.attempts = {at: kept for at, kept in upload.attempts.items() if at[0] != number}
        upload.attempts[number, etag] = data
        return etag

    def _list_parts(self, upload: Upload) -> list[StoredPart]:
        found = [StoredPart(number, etag, len(data)) for (number, etag), data in upload.attempts.items()]
        return sorted(found, key=lambda part: part.number)

    def _complete(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        upload = self._upload(key, upload_id)
        numbers = [number for number, _ in parts]
        if not parts or numbers != sorted(set(numbers)) or not set(parts) <= set(upload.attempts):
            raise PartsRefused
        pieces = [upload.attempts[part] for part in parts]
        if any(len(piece) < self._smallest_part_bytes for piece in pieces[:-1]):
            raise PartsRefused
        etag = md5(b"".join(bytes.fromhex(etag) for _, etag in parts))
        self.contents[key] = (f"{etag}-{len(parts)}", b"".join(pieces))
        del self._running[upload_id]

    def _abort(self, key: str, upload_id: str) -> None:
        if upload_id in self._running and self._running[upload_id].key == key:
            del self._running[upload_id]

    def _head(self, key: str) -> StoredObject | None:
        if key not in self.contents:
            return None
        etag, data = self.contents[key]
        return StoredObject(etag, len(data))

    def _read(self, key: str, etag: str, start: int, length: int) -> FakeBody:
        if key not in self.contents:
            raise ObjectMissing
        found, data = self.contents[key]
        if found != etag or start + length > len(data):
            raise SealBroken
        return FakeBody(data[start : start + length], length)
