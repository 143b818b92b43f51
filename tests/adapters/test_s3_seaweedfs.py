"""The S3 adapter with a real store behind a network that fails."""

import hashlib
import os
import secrets
import time
from dataclasses import replace

import pytest

from tests.fault_proxy import LOST, LOST_AFTER_BODY, Fault, FaultProxy
from tests.fixtures_seaweedfs import bucket_of
from transfer_service.errors import ObjectExists, SealBroken, Unavailable, UploadGone
from transfer_service.ports import StoredObject, StoredPart

MIB = 1024 * 1024
DATA = os.urandom(MIB)
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


@pytest.fixture
def proxy(seaweedfs):
    with FaultProxy(seaweedfs.s3_port) as proxy:
        yield proxy


@pytest.fixture
def far_store(seaweedfs, object_store, proxy):
    """The bucket of ``object_store``, through the proxy."""
    return through(proxy, seaweedfs, object_store, read_timeout_s=20)


@pytest.fixture
def hasty_store(seaweedfs, object_store, proxy):
    """The same, which waits for a second."""
    return through(proxy, seaweedfs, object_store, read_timeout_s=1)


def through(proxy, seaweedfs, object_store, read_timeout_s):
    options = {"endpoint_url": proxy.endpoint_url, "read_timeout_s": read_timeout_s, "attempts": 3}
    return bucket_of(seaweedfs, object_store._bucket, **options)


def read_all(store, key, block=256 * 1024):
    with store.read(key, MD5, 0, len(DATA)) as body:
        return b"".join(iter(lambda: body.read(block), b""))


@pytest.mark.parametrize("wrong", [{"access_key_id": "nobody"}, {"secret_access_key": "x" * 40}])
def test_wrong_credentials_open_nothing(seaweedfs, object_store, wrong):
    object_store.put_once("key", DATA)
    stranger = bucket_of(seaweedfs, object_store._bucket, **wrong)
    for call in (
        stranger.check,
        stranger.ensure_bucket,
        lambda: stranger.head("key"),
        lambda: stranger.read("key", MD5, 0, 1),
        lambda: stranger.put_once("other", b"data"),
        lambda: stranger.begin_upload("other"),
        lambda: stranger.delete("key"),
        lambda: list(stranger.objects()),
        lambda: list(stranger.uploads()),
    ):
        with pytest.raises(Unavailable):
            call()
    assert list(object_store.objects()) == ["key"]


def test_a_bucket_that_is_not_there_is_unavailable_until_it_is_made(seaweedfs):
    store = bucket_of(seaweedfs, f"bucket-{secrets.token_hex(6)}")
    for call in (store.check, lambda: store.head("key"), lambda: store.put_once("key", b"data")):
        with pytest.raises(Unavailable):
            call()
    store.ensure_bucket()
    store.ensure_bucket()
    store.check()
    assert store.head("key") is None
    store._s3.delete_bucket(Bucket=store._bucket)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("sent", [0, 1, 300, 70_000, MIB])
def test_a_part_that_is_cut_on_its_way_is_sent_again(proxy, far_store, sent, reset):
    upload = far_store.begin_upload("key")
    proxy.next(Fault(cut_request_at=sent, reset=reset))
    assert far_store.put_part("key", upload, 1, DATA) == MD5
    assert proxy.connections == 2


@pytest.mark.parametrize("reset", [False, True])
def test_a_put_whose_answer_was_lost_is_done_once(proxy, far_store, reset):
    proxy.next(replace(LOST_AFTER_BODY, reset=reset))
    assert far_store.put_once("key", memoryview(DATA)) == MD5
    assert proxy.connections > 1
    assert read_all(far_store, "key") == DATA
    with pytest.raises(ObjectExists):
        far_store.put_once("key", DATA)


def test_an_empty_object_of_a_broken_put_is_not_taken_for_ours(proxy, far_store, object_store):
    """SeaweedFS was seen to keep one where a connection ends after "100 Continue" and before any body."""
    proxy.next(LOST)
    try:
        assert far_store.put_once("key", DATA) == MD5
    except ObjectExists:
        assert object_store.head("key") == StoredObject(hashlib.md5(b"").hexdigest(), 0)
    else:
        assert read_all(object_store, "key") == DATA


def test_an_empty_attempt_at_a_part_has_another_etag(proxy, far_store, object_store):
    upload = far_store.begin_upload("key")
    proxy.next(LOST)
    assert far_store.put_part("key", upload, 1, DATA) == MD5
    assert StoredPart(1, MD5, len(DATA)) in object_store.list_parts("key", upload)
    object_store.complete_upload("key", upload, [(1, MD5)])
    assert object_store.head("key").size_bytes == len(DATA)


def test_a_completion_whose_answer_was_lost_is_there_for_head(proxy, far_store):
    upload = far_store.begin_upload("key")
    parts = [(1, far_store.put_part("key", upload, 1, DATA))]
    proxy.next(then=LOST)
    with pytest.raises((Unavailable, UploadGone)):
        far_store.complete_upload("key", upload, parts)
    proxy.next()
    assert far_store.head("key").size_bytes == len(DATA)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("arrived", [0, 1, 1000, 100_000, MIB - 1])
def test_a_body_cut_on_its_way_is_never_taken_for_whole(proxy, far_store, arrived, reset):
    far_store.put_once("key", DATA)
    proxy.next(then=Fault(cut_answer_at=arrived, reset=reset))
    with pytest.raises(Unavailable):
        read_all(far_store, "key")


def test_a_body_that_drips_is_given_up(proxy, far_store, hasty_store):
    far_store.put_once("key", DATA[: 64 * 1024])
    etag = far_store.head("key").etag
    proxy.next(Fault(answer_bytes_per_s=4000))
    started = time.monotonic()
    with hasty_store.read("key", etag, 0, 64 * 1024) as body, pytest.raises(Unavailable):
        body.read(64 * 1024)
    assert time.monotonic() - started < 10  # it would have taken 16 s


def test_a_slow_start_within_the_limit_is_waited_for(proxy, far_store):
    far_store.put_once("key", DATA)
    proxy.next(Fault(latency_s=0.3))
    assert read_all(far_store, "key") == DATA
    assert proxy.connections == 1


def test_a_body_read_to_its_end_gives_its_connection_back(proxy, far_store):
    far_store.put_once("key", DATA)
    proxy.next()
    for _ in range(4):
        read_all(far_store, "key")
    assert proxy.connections == 1


def test_a_body_left_early_is_not_drained(proxy, far_store):
    upload = far_store.begin_upload("key")
    parts = [(n, far_store.put_part("key", upload, n, bytes(8 * MIB))) for n in (1, 2, 3, 4)]
    far_store.complete_upload("key", upload, parts)
    etag = far_store.head("key").etag
    proxy.next(Fault(answer_bytes_per_s=MIB))
    started = time.monotonic()
    with far_store.read("key", etag, 0, 32 * MIB) as body:
        assert body.read(10) == bytes(10)
    assert time.monotonic() - started < 10  # the whole would have taken 32 s
    assert far_store.head("key") == StoredObject(etag, 32 * MIB)
    assert proxy.connections == 2


def test_bytes_of_another_object_do_not_open(object_store):
    object_store.put_once("key", DATA)
    object_store.delete("key")
    object_store.put_once("key", DATA[::-1])
    with pytest.raises(SealBroken):
        read_all(object_store, "key")
