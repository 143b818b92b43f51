"""What every object store must do: the real one, and the fake that the use cases are tested with."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.fakes.object_store import FakeObjectStore
from transfer_service.errors import ObjectExists, ObjectMissing, PartsRefused, SealBroken, UploadGone
from transfer_service.ports import RunningUpload, StoredObject, StoredPart

MIB = 1024 * 1024
PART = os.urandom(5 * MIB)  # S3's smallest, but for the last
OTHER = os.urandom(5 * MIB)
LAST = b"the last part may be short"
NO_ETAG = "0" * 32


@pytest.fixture(params=["fake", "fake that keeps all attempts", "SeaweedFS"])
def store(request):
    if request.param == "SeaweedFS":
        return request.getfixturevalue("object_store")
    return FakeObjectStore(keeps_all_attempts=request.param != "fake")


def read_all(store, key, start, length, block=MIB):
    with store.read(key, store.head(key).etag, start, length) as body:
        return b"".join(iter(lambda: body.read(block), b""))


def whole(store, key):
    return read_all(store, key, 0, store.head(key).size_bytes)


@pytest.mark.parametrize("data", [b"x", os.urandom(70_000), memoryview(PART), memoryview(bytearray(LAST))])
def test_an_object_is_kept_as_it_was_put(store, data):
    etag = store.put_once("a/key", data)
    assert store.head("a/key") == StoredObject(etag, len(data))
    assert whole(store, "a/key") == bytes(data)


def test_an_empty_object_is_an_object(store):
    etag = store.put_once("key", b"")
    assert store.head("key") == StoredObject(etag, 0)


@pytest.mark.parametrize("second", [b"one", b"two"])
def test_a_key_is_put_only_once(store, second):
    etag = store.put_once("key", b"one")
    with pytest.raises(ObjectExists):
        store.put_once("key", second)
    assert store.head("key") == StoredObject(etag, 3)
    assert whole(store, "key") == b"one"


def test_of_concurrent_puts_to_one_key_exactly_one_wins(store):
    def put(data):
        try:
            return data, store.put_once("key", data)
        except ObjectExists:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(put, [bytes([n]) * 100_000 for n in range(8)]))
    ((data, etag),) = filter(None, answers)
    assert store.head("key").etag == etag
    assert whole(store, "key") == data


def test_parts_may_come_in_any_order_and_again(store):
    upload = store.begin_upload("key")
    last = store.put_part("key", upload, 3, LAST)
    store.put_part("key", upload, 1, OTHER)
    second = store.put_part("key", upload, 2, OTHER)
    first = store.put_part("key", upload, 1, memoryview(PART))
    listed = store.list_parts("key", upload)
    assert [part.number for part in listed] in ([1, 2, 3], [1, 1, 2, 3])  # SeaweedFS lists earlier attempts too
    assert StoredPart(1, first, 5 * MIB) in listed
    assert listed[-2:] == [StoredPart(2, second, 5 * MIB), StoredPart(3, last, len(LAST))]
    store.complete_upload("key", upload, [(1, first), (2, second), (3, last)])
    assert store.head("key").size_bytes == 10 * MIB + len(LAST)
    assert whole(store, "key") == PART + OTHER + LAST


def test_a_list_of_parts_has_all_its_pages(store):
    upload = store.begin_upload("key")
    etags = {number: store.put_part("key", upload, number, bytes([number])) for number in (8, 1, 5, 3, 7, 2, 11)}
    assert store.list_parts("key", upload) == [StoredPart(n, etags[n], 1) for n in sorted(etags)]


def test_an_etag_stands_for_one_attempt_at_a_part(store):
    upload = store.begin_upload("key")
    early = store.put_part("key", upload, 1, b"early")
    late = store.put_part("key", upload, 1, b"late")
    with suppress(PartsRefused):  # S3's answer; SeaweedFS takes either, and must not mistake them
        store.complete_upload("key", upload, [(1, early)])
        assert whole(store, "key") == b"early"
        return
    store.complete_upload("key", upload, [(1, late)])
    assert whole(store, "key") == b"late"


def test_an_upload_without_parts_lists_none(store):
    assert store.list_parts("key", store.begin_upload("key")) == []


def test_nothing_is_there_before_the_upload_is_completed(store):
    upload = store.begin_upload("key")
    store.put_part("key", upload, 1, PART)
    assert store.head("key") is None
    assert list(store.objects()) == []


def test_completing_again_changes_nothing(store):
    upload = store.begin_upload("key")
    parts = [(1, store.put_part("key", upload, 1, LAST))]
    store.complete_upload("key", upload, parts)
    before = store.head("key")
    with suppress(UploadGone):  # either answer is S3's
        store.complete_upload("key", upload, parts)
    assert store.head("key") == before
    assert list(store.uploads()) == []


def test_an_upload_completes_only_with_parts_that_arrived(store):
    upload = store.begin_upload("key")
    first = store.put_part("key", upload, 1, PART)
    second = store.put_part("key", upload, 2, LAST)
    for wrong in (
        [],
        [(1, first), (3, second)],
        [(1, first), (2, NO_ETAG)],
        [(1, second), (2, first)],
        [(2, second), (1, first)],
    ):
        with pytest.raises(PartsRefused):
            store.complete_upload("key", upload, wrong)
        assert store.head("key") is None
    store.complete_upload("key", upload, [(1, first), (2, second)])
    assert whole(store, "key") == PART + LAST


def test_an_aborted_upload_is_gone(store):
    upload = store.begin_upload("key")
    etag = store.put_part("key", upload, 1, LAST)
    store.abort_upload("key", upload)
    store.abort_upload("key", upload)
    with pytest.raises(UploadGone):
        store.put_part("key", upload, 2, LAST)
    with pytest.raises(UploadGone):
        store.list_parts("key", upload)
    with pytest.raises(UploadGone):
        store.complete_upload("key", upload, [(1, etag)])
    assert store.head("key") is None
    assert list(store.uploads()) == []


def test_a_completed_upload_takes_no_more_parts(store):
    upload = store.begin_upload("key")
    store.complete_upload("key", upload, [(1, store.put_part("key", upload, 1, LAST))])
    with pytest.raises(UploadGone):
        store.put_part("key", upload, 2, LAST)
    store.abort_upload("key", upload)
    assert whole(store, "key") == LAST


def test_uploads_to_one_key_do_not_mix(store):
    one, two = store.begin_upload("key"), store.begin_upload("key")
    etag = store.put_part("key", one, 1, PART)
    store.put_part("key", two, 1, OTHER)
    store.abort_upload("key", two)
    store.complete_upload("key", one, [(1, etag)])
    assert whole(store, "key") == PART


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 1), (0, 16), (1, 1), (MIB - 1, 2), (5 * MIB - 3, 6), (4 * MIB, 4 * MIB), (10 * MIB - 1, 1)],
)
def test_a_range_is_exact(store, start, length):
    upload = store.begin_upload("key")
    store.complete_upload(
        "key", upload, [(n, store.put_part("key", upload, n, data)) for n, data in ((1, PART), (2, OTHER))]
    )
    assert read_all(store, "key", start, length) == (PART + OTHER)[start : start + length]
    assert read_all(store, "key", start, length, block=300_001) == (PART + OTHER)[start : start + length]


def test_a_body_may_be_left_before_its_end(store):
    etag = store.put_once("key", PART)
    for _ in range(3):
        with store.read("key", etag, 0, len(PART)) as body:
            assert body.read(10) == PART[:10]
    assert whole(store, "key") == PART


def test_another_version_does_not_open(store):
    store.put_once("key", b"data")
    with pytest.raises(SealBroken):
        store.read("key", NO_ETAG, 0, 4)


@pytest.mark.parametrize(("start", "length"), [(0, 5), (3, 2), (4, 1), (100, 1)])
def test_a_range_beyond_the_object_does_not_open(store, start, length):
    etag = store.put_once("key", b"data")
    with pytest.raises(SealBroken):
        store.read("key", etag, start, length)


def test_a_missing_object_is_missing(store):
    assert store.head("key") is None
    with pytest.raises(ObjectMissing):
        store.read("key", NO_ETAG, 0, 1)


def test_a_deleted_object_is_gone_and_may_be_deleted_again(store):
    etag = store.put_once("key", b"data")
    store.delete("key")
    store.delete("key")
    assert store.head("key") is None
    with pytest.raises(ObjectMissing):
        store.read("key", etag, 0, 1)


def test_a_list_of_objects_has_all_its_pages(store):
    keys = {f"{n:02}" for n in range(8)} | {"a/b/c", "a/b d+e%2F&é"}
    for key in keys:
        store.put_once(key, key.encode())
    found = list(store.objects())
    assert len(found) == len(keys)
    assert set(found) == keys


def test_a_list_of_uploads_has_all_its_pages(store):
    begun = {RunningUpload(key, store.begin_upload(key)) for key in ("a", "b/c", "b/c", "d", "d", "d", "d", "e")}
    found = list(store.uploads())
    assert len(found) == len(begun) == 8
    assert set(found) == begun


def test_a_bucket_with_nothing_lists_nothing(store):
    assert list(store.objects()) == []
    assert list(store.uploads()) == []


def test_a_store_that_answers_says_so(store):
    store.check()
