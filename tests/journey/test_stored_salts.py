"""What an installation seals, it seals in processes of its own: their salts are read from its store (C10, I9)."""

import os
from uuid import UUID

import pytest

from tests.journey.hospital import PART, Hospital, some_bytes
from tests.salts import check_stored_salts, stored_salts
from tests.standalone_process import Standalone
from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.sealing.layout import SALT_BYTES

SMALL = 300_000


def pinned_salts(standalone: Standalone, files: list[str]) -> list[bytes]:
    """The salts that an installation noted while it verified these files."""
    assert standalone.kept is not None
    rows = standalone.kept.query("SELECT file_id, header FROM parts")
    wanted = {UUID(file) for file in files}
    return [bytes(header[:SALT_BYTES]) for file, header in rows if UUID(str(file)) in wanted]


def test_the_salt_of_every_part_of_an_installation_is_looked_at(standalone: Standalone) -> None:
    packet = Hospital(standalone, "St. Agatha of the salts").packet()
    for size in (0, SMALL, 2 * PART + SMALL):
        packet.deposit(some_bytes(size)).settled()
    pinned = pinned_salts(standalone, [file.id for file in packet.files])
    assert len(pinned) == 1 + 1 + 3
    assert {*pinned} <= {*stored_salts(standalone.store())}


def test_a_salt_that_begins_two_parts_in_a_store_is_found(object_store: S3ObjectStore) -> None:
    sealed = os.urandom(100)
    object_store.put_once("one", sealed)
    object_store.put_once("another", os.urandom(100))
    check_stored_salts(object_store)
    object_store.put_once("a third", sealed[:SALT_BYTES] + os.urandom(76))
    with pytest.raises(AssertionError, match="1 of 2 salts"):
        check_stored_salts(object_store)
