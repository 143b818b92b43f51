"""The recorder that watches the whole session must itself be able to fail."""

from uuid import UUID

from tests.salts import SaltRecorder
from transfer_service.sealing.layout import SALT_BYTES, Layout
from transfer_service.sealing.part import PartSealer
from transfer_service.sealing.secret import SecretKey


def test_a_salt_used_twice_under_one_key_is_found():
    recorder = SaltRecorder()
    recorder.record(b"key 1", b"salt")
    recorder.record(b"key 2", b"salt")
    recorder.record(b"key 1", b"other salt")
    assert recorder.repeated == 0
    recorder.record(b"key 1", b"salt")
    assert recorder.repeated == 1


def test_every_part_sealed_in_a_test_is_recorded(salts):
    seen = len(salts.seen)
    sealer = PartSealer(SecretKey.generate(), UUID(int=1), UUID(int=2), Layout.for_size(0), 1)
    salt = bytes(sealer.finish()[:SALT_BYTES])
    assert len(salts.seen) == seen + 1
    assert salt in {recorded for _, recorded in salts.seen}
