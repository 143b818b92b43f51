"""No salt twice: a recorder of what is sealed within the test session's process, a look at what others have stored."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pytest

from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.sealing.layout import DEFAULT_PART_BYTES, SALT_BYTES, sealed_bytes
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


def stored_salts(store: S3ObjectStore) -> Iterator[bytes]:
    """What begins every sealed part of every object in a bucket.

    No test has files beyond 160 GB, so that every part but an object's last is of one size. What uploads that still
    run have stored is left out: S3 lets nobody read it.
    """
    for page in store._s3.get_paginator("list_objects_v2").paginate(Bucket=store._bucket):
        for stored in page.get("Contents", []):
            for start in range(0, stored["Size"], sealed_bytes(DEFAULT_PART_BYTES)):
                try:
                    got = store._s3.get_object(
                        Bucket=store._bucket, Key=stored["Key"], Range=f"bytes={start}-{start + SALT_BYTES - 1}"
                    )
                except store._s3.exceptions.NoSuchKey:  # swept since it was listed
                    break
                yield got["Body"].read()


def check_stored_salts(store: S3ObjectStore) -> None:
    """Under no key at all is a salt used twice: random ones of 24 bytes never are."""
    counted = Counter(stored_salts(store))
    repeated = [salt for salt, times in counted.items() if times > 1]
    assert not repeated, f"{len(repeated)} of {len(counted)} salts in the store begin more than one sealed part"
    assert all(len(salt) == SALT_BYTES for salt in counted)
