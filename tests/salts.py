"""A recorder of the salts under which parts are sealed, for the whole test session."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pytest

from transfer_service.sealing.layout import SALT_BYTES
from transfer_service.sealing.part import PartSealer


class SaltRecorder:
    """Counts (file key digest, salt) pairs that came more than once."""

    def __init__(self):
        self.seen = set()
        self.repeated = 0
        self._lock = Lock()

    def record(self, key_digest: bytes, salt: bytes) -> None:
        with self._lock:
            self.repeated += (key_digest, salt) in self.seen
            self.seen.add((key_digest, salt))


@contextmanager
def recording_salts() -> Iterator[SaltRecorder]:
    """Wraps `PartSealer`, so that production code needs no hook."""
    recorder = SaltRecorder()
    init, finish = PartSealer.__init__, PartSealer.finish

    def remember_key(self, file_key, *place, **named_place):
        init(self, file_key, *place, **named_place)
        self.key_digest = hashlib.sha256(file_key.reveal()).digest()

    def record_salt(self):
        sealed = finish(self)
        recorder.record(self.key_digest, bytes(sealed[:SALT_BYTES]))
        return sealed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PartSealer, "__init__", remember_key)
        patch.setattr(PartSealer, "finish", record_salt)
        yield recorder
