"""The S3 adapter's plain behaviour against moto, in no time and without a port; the address and region are Amazon's.

What moto grants proves nothing about security (docs/dependencies.md): the contract with the real store is in
``tests/contracts``, and what faults, lies and silence do is in ``test_s3_units``.
"""

import hashlib
import io
from collections.abc import Iterator

import pytest
from moto import mock_aws

from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.errors import ObjectExists, ObjectMissing, PartsRefused, SealBroken, Unavailable, UploadGone
from transfer_service.ports import RunningUpload, StoredObject, StoredPart

DATA = b"sealed bytes"
PART = bytes(range(256)) * (5 * 1024 * 4)  # 5 MiB, S3's smallest but for the last
LAST = b"the last part may be short"
NO_ETAG = "0" * 32


def at_amazon(**options) -> S3ObjectStore:
    settings = {
        "endpoint_url": None,
        "region": "eu-central-1",
        "bucket": "sealed-packets",
        "access_key_id": "an-access-key-id",
        "secret_access_key": "a-secret-access-key",
        "attempts": 1,
        "page_size": 2,
    }
    return S3ObjectStore(**(settings | options))


@pytest.fixture
def store(monkeypatch) -> Iterator[S3ObjectStore]:
    """Bodies are bytes here, for moto takes no views; that the adapter sends views is tried in ``test_s3_units``."""
    monkeypatch.setattr("transfer_service.adapters.s3.SentBytes", io.BytesIO)
    with mock_aws():
        store = at_amazon()
        store.ensure_bucket()
        yield store


def whole(store: S3ObjectStore, key: str) -> bytes:
    head = store.head(key)
    assert head is not None
    with store.read(key, head.etag, 0, head.size_bytes) as body:
        return b"".join(iter(lambda: body.read(1024 * 1024), b""))


def test_a_bucket_is_made_where_it_is_missing_and_left_alone_where_it_is_not(store):
    store.put_once("key", DATA)
    store.ensure_bucket()
    store.check()
    assert whole(store, "key") == DATA


@pytest.mark.usefixtures("store")
def test_a_bucket_that_is_missing_is_unavailable_and_no_missing_object():
    elsewhere = at_amazon(bucket="another")
    for call in (
        elsewhere.check,
        lambda: elsewhere.head("key"),
        lambda: elsewhere.put_once("key", DATA),
        lambda: elsewhere.begin_upload("key"),
        lambda: elsewhere.read("key", NO_ETAG, 0, 1),
        lambda: list(elsewhere.objects()),
    ):
        with pytest.raises(Unavailable):
            call()


@pytest.mark.parametrize("data", [DATA, memoryview(DATA)])
def test_an_object_is_kept_as_it_was_put_under_the_etag_that_came_back(store, data):
    etag = store.put_once("key", data)
    assert etag == hashlib.md5(DATA).hexdigest()
    assert store.head("key") == StoredObject(etag, len(DATA))
    assert whole(store, "key") == DATA


@pytest.mark.parametrize("second", [DATA, b"other bytes"])
def test_a_key_is_put_only_once(store, second):
    store.put_once("key", DATA)
    with pytest.raises(ObjectExists):
        store.put_once("key", second)
    assert whole(store, "key") == DATA


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)], ids=["in order", "out of order"])
def test_parts_are_joined_by_their_numbers_in_whatever_order_they_came(store, order):
    upload = store.begin_upload("key")
    parts = {1: PART, 2: PART[::-1], 3: LAST}
    etags = {number: store.put_part("key", upload, number, parts[number]) for number in order}
    assert store.head("key") is None
    assert store.list_parts("key", upload) == [StoredPart(n, etags[n], len(parts[n])) for n in (1, 2, 3)]
    store.complete_upload("key", upload, sorted(etags.items()))
    assert whole(store, "key") == PART + PART[::-1] + LAST
    assert list(store.uploads()) == []


def test_another_attempt_at_a_part_takes_the_place_of_the_first(store):
    upload = store.begin_upload("key")
    early, late = (store.put_part("key", upload, 1, data) for data in (b"early", b"late"))
    assert store.list_parts("key", upload) == [StoredPart(1, late, 4)]
    with pytest.raises(PartsRefused):
        store.complete_upload("key", upload, [(1, early)])
    store.complete_upload("key", upload, [(1, late)])
    assert whole(store, "key") == b"late"


def test_parts_that_never_came_or_stand_in_another_order_or_are_too_small_are_refused(store):
    upload = store.begin_upload("key")
    one, two = store.put_part("key", upload, 1, PART), store.put_part("key", upload, 2, LAST)
    small = store.begin_upload("small")
    too_small = [(number, store.put_part("small", small, number, LAST)) for number in (1, 2)]
    for key, upload_id, wrong in (
        ("key", upload, []),
        ("key", upload, [(1, one), (3, two)]),
        ("key", upload, [(1, NO_ETAG), (2, two)]),
        ("key", upload, [(2, two), (1, one)]),
        ("small", small, too_small),
    ):
        with pytest.raises(PartsRefused):
            store.complete_upload(key, upload_id, wrong)
        assert store.head(key) is None


@pytest.mark.parametrize(("start", "length"), [(0, 1), (3, 5), (0, len(DATA)), (len(DATA) - 1, 1)])
def test_a_range_is_exact(store, start, length):
    etag = store.put_once("key", DATA)
    with store.read("key", etag, start, length) as body:
        assert body.read(2) + body.read(100) == DATA[start : start + length]
        assert body.read(100) == b""


def test_another_version_does_not_open(store):
    store.put_once("key", DATA)
    with pytest.raises(SealBroken):
        store.read("key", NO_ETAG, 0, 1)


@pytest.mark.parametrize(("start", "length"), [(0, len(DATA) + 1), (len(DATA), 1), (1000, 1)])
def test_a_range_beyond_the_object_does_not_open(store, start, length):
    etag = store.put_once("key", DATA)
    with pytest.raises(SealBroken):
        store.read("key", etag, start, length)


def test_what_is_missing_is_missing(store):
    assert store.head("key") is None
    with pytest.raises(ObjectMissing):
        store.read("key", NO_ETAG, 0, 1)


def test_a_deleted_object_is_gone_and_may_be_deleted_again(store):
    etag = store.put_once("key", DATA)
    store.delete("key")
    store.delete("key")
    assert store.head("key") is None
    with pytest.raises(ObjectMissing):
        store.read("key", etag, 0, 1)


def test_an_aborted_upload_is_gone_and_may_be_aborted_again(store):
    upload = store.begin_upload("key")
    store.put_part("key", upload, 1, LAST)
    store.abort_upload("key", upload)
    store.abort_upload("key", upload)
    with pytest.raises(UploadGone):  # putting and completing are tried in the contract: moto breaks where S3 refuses
        store.list_parts("key", upload)
    assert list(store.uploads()) == []


def test_lists_have_all_their_pages(store):
    """Five of each, two to a page."""
    keys = {f"{number}/a key+%é" for number in range(5)}
    for key in keys:
        store.put_once(key, DATA)
    assert sorted(store.objects()) == sorted(keys)
    upload = store.begin_upload("parts")
    for number in range(1, 6):
        store.put_part("parts", upload, number, DATA)
    assert [part.number for part in store.list_parts("parts", upload)] == [1, 2, 3, 4, 5]
    begun = {RunningUpload(f"upload {number}", store.begin_upload(f"upload {number}")) for number in range(4)}
    assert set(store.uploads()) == begun | {RunningUpload("parts", upload)}
