"""What the S3 adapter makes of answers that are errors, lies or nothing."""

import hashlib
import logging
import time
import tracemalloc

import pytest

from tests.fault_proxy import Fault, FaultProxy, canned
from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.adapters.s3_bodies import SentBytes
from transfer_service.errors import (
    ObjectExists,
    ObjectMissing,
    PartsRefused,
    SealBroken,
    TransferError,
    Unavailable,
    UploadGone,
)

DATA = b"sealed bytes"
MD5 = hashlib.md5(DATA).hexdigest()
ETAG = {"ETag": f'"{MD5}"'}
SECRET = "the-secret-access-key"


@pytest.fixture
def proxy():
    with FaultProxy() as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Retries come at once; how long they wait is botocore's."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


def store_at(endpoint_url, **options):
    settings = {
        "endpoint_url": endpoint_url,
        "region": "us-east-1",
        "bucket": "the-bucket",
        "access_key_id": "the-access-key-id",
        "secret_access_key": SECRET,
        "connect_timeout_s": 5,
        "read_timeout_s": 1,
        "attempts": 3,
    }
    return S3ObjectStore(**(settings | options))


@pytest.fixture
def store(proxy):
    return store_at(proxy.endpoint_url)


def refusal(status, code):
    body = f"<Error><Code>{code}</Code><Message>about the-key in the-bucket</Message></Error>"
    return Fault(answer=canned(status, body.encode(), Content_Type="application/xml"))


COMPLETED = canned(
    "200 OK", b"<CompleteMultipartUploadResult><ETag>&quot;e-1&quot;</ETag></CompleteMultipartUploadResult>"
)
CALLS = {
    "put_once": lambda store: store.put_once("the-key", DATA),
    "begin_upload": lambda store: store.begin_upload("the-key"),
    "put_part": lambda store: store.put_part("the-key", "the-upload", 1, DATA),
    "list_parts": lambda store: store.list_parts("the-key", "the-upload"),
    "complete_upload": lambda store: store.complete_upload("the-key", "the-upload", [(1, MD5)]),
    "abort_upload": lambda store: store.abort_upload("the-key", "the-upload"),
    "head": lambda store: store.head("the-key"),
    "read": lambda store: store.read("the-key", MD5, 0, len(DATA)),
    "delete": lambda store: store.delete("the-key"),
    "objects": lambda store: list(store.objects()),
    "uploads": lambda store: list(store.uploads()),
}


@pytest.mark.parametrize(
    ("call", "status", "code", "error"),
    [
        ("put_once", "412 Precondition Failed", "PreconditionFailed", ObjectExists),
        ("put_part", "404 Not Found", "NoSuchUpload", UploadGone),
        ("list_parts", "404 Not Found", "NoSuchUpload", UploadGone),
        ("complete_upload", "404 Not Found", "NoSuchUpload", UploadGone),
        ("complete_upload", "400 Bad Request", "InvalidPart", PartsRefused),
        ("complete_upload", "400 Bad Request", "InvalidPartOrder", PartsRefused),
        ("complete_upload", "400 Bad Request", "EntityTooSmall", PartsRefused),
        ("read", "404 Not Found", "NoSuchKey", ObjectMissing),
        ("read", "412 Precondition Failed", "PreconditionFailed", SealBroken),
        ("read", "416 Range Not Satisfiable", "InvalidRange", SealBroken),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_port(proxy, store, call, status, code, error):
    proxy.next(refusal(status, code))
    with pytest.raises(error) as refused:
        CALLS[call](store)
    assert type(refused.value) is error
    assert proxy.connections == 1


@pytest.mark.parametrize("call", ["abort_upload", "delete"])
def test_what_is_gone_already_need_not_be_removed(proxy, store, call):
    proxy.next(refusal("404 Not Found", {"abort_upload": "NoSuchUpload", "delete": "NoSuchKey"}[call]))
    assert CALLS[call](store) is None


@pytest.mark.parametrize(
    "code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "Unheard"]
)
def test_what_the_caller_cannot_mend_is_unavailable(proxy, store, code):
    status = "404 Not Found" if code == "NoSuchBucket" else "403 Forbidden"
    proxy.next(then=refusal(status, code))
    for call in CALLS.values():
        with pytest.raises(Unavailable):
            call(store)


@pytest.mark.parametrize(
    "fault",
    [
        refusal("503 Slow Down", "SlowDown"),
        refusal("500 Internal Server Error", "InternalError"),
        Fault(answer=canned("503 Service Unavailable")),
        Fault(answer=b""),
        Fault(answer=b"", reset=True),
        Fault(answer=b"HTTP/1.1 200 O", reset=True),
        Fault(answer=b"nothing that HTTP knows\r\n\r\n"),
    ],
    ids=["SlowDown", "500", "503 without a body", "closed", "reset", "reset in the status line", "not HTTP"],
)
def test_a_store_in_trouble_is_asked_a_bounded_number_of_times(proxy, store, fault):
    for call in CALLS.values():
        proxy.next(then=fault)
        with pytest.raises(Unavailable):
            call(store)
        assert proxy.connections == 3


@pytest.mark.parametrize("call", ["put_part", "read", "complete_upload"])
def test_a_store_that_says_nothing_is_given_up(proxy, store, call):
    proxy.next(then=Fault(silent=True))
    with pytest.raises(Unavailable):
        CALLS[call](store)
    assert proxy.connections == 3


def test_a_store_that_takes_no_bytes_is_given_up(proxy):
    store = store_at(proxy.endpoint_url, attempts=2)
    proxy.next(then=Fault(silent=True))
    started = time.monotonic()
    with pytest.raises(Unavailable):
        store.put_part("the-key", "the-upload", 1, bytes(32 * 1024 * 1024))
    assert time.monotonic() - started < 20


def test_a_store_that_is_not_there_is_unavailable(proxy, store):
    proxy.__exit__()
    started = time.monotonic()
    for call in (*CALLS.values(), S3ObjectStore.check, S3ObjectStore.ensure_bucket):
        with pytest.raises(Unavailable):
            call(store)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("failures", [1, 2])
def test_after_short_trouble_the_whole_part_is_sent_again(proxy, store, failures):
    proxy.next(*[refusal("503 Slow Down", "SlowDown")] * failures, then=Fault(answer=canned("200 OK", **ETAG)))
    assert CALLS["put_part"](store) == MD5
    assert proxy.connections == failures + 1


def test_a_check_asks_once(proxy, store):
    proxy.next(then=refusal("503 Slow Down", "SlowDown"))
    with pytest.raises(Unavailable):
        store.check()
    assert proxy.connections == 1


# Put once, when an answer was lost


def head_answer(etag, size):
    return Fault(answer=canned("200 OK", ETag=f'"{etag}"', Content_Length=str(size)))


LOST = Fault(answer=b"", reset=True)
EXISTS = refusal("412 Precondition Failed", "PreconditionFailed")


def test_a_put_whose_answer_was_lost_finds_its_own_object(proxy, store):
    proxy.next(LOST, EXISTS, head_answer(MD5, len(DATA)))
    assert CALLS["put_once"](store) == MD5


def test_a_put_whose_answer_was_lost_does_not_take_another_object_for_its_own(proxy, store):
    proxy.next(LOST, EXISTS, head_answer("0" * 32, len(DATA)))
    with pytest.raises(ObjectExists):
        CALLS["put_once"](store)


def test_a_first_put_never_claims_what_is_there(proxy, store):
    proxy.next(EXISTS, head_answer(MD5, len(DATA)))
    with pytest.raises(ObjectExists):
        CALLS["put_once"](store)
    assert proxy.connections == 1


# Complete


def test_an_empty_success_of_complete_claims_nothing(proxy, store):
    proxy.next(Fault(answer=canned("200 OK")), Fault(answer=canned("404 Not Found")), Fault(answer=canned("200 OK")))
    assert CALLS["complete_upload"](store) is None
    assert CALLS["head"](store) is None


def test_an_error_within_a_success_of_complete_is_an_error(proxy, store):
    proxy.next(then=refusal("200 OK", "InternalError"))
    with pytest.raises(Unavailable):
        CALLS["complete_upload"](store)
    assert proxy.connections == 3


def test_a_complete_whose_answer_was_lost_ends_in_success_or_a_gone_upload(proxy, store):
    proxy.next(LOST, refusal("404 Not Found", "NoSuchUpload"))
    with pytest.raises(UploadGone):
        CALLS["complete_upload"](store)
    proxy.next(LOST, Fault(answer=COMPLETED))
    CALLS["complete_upload"](store)


def test_no_parts_are_refused_without_asking(proxy, store):
    with pytest.raises(PartsRefused):
        store.complete_upload("the-key", "the-upload", [])
    assert proxy.connections == 0


# Head


def test_a_missing_object_is_told_from_a_missing_bucket(proxy, store):
    proxy.next(Fault(answer=canned("404 Not Found")), Fault(answer=canned("200 OK")))
    assert store.head("the-key") is None
    proxy.next(Fault(answer=canned("404 Not Found")), Fault(answer=canned("404 Not Found")))
    with pytest.raises(Unavailable):
        store.head("the-key")


# Reading


def part_of(body, etag=MD5, start=0, end=None, total=None, **headers):
    end = start + len(body) - 1 if end is None else end
    fields = {"ETag": f'"{etag}"', "Content_Range": f"bytes {start}-{end}/{total or end + 1}"}
    return canned("206 Partial Content", body, **(fields | headers))


def read(store, block=5):
    with store.read("the-key", MD5, 0, len(DATA)) as body:
        return b"".join(iter(lambda: body.read(block), b""))


def test_a_body_is_read_in_blocks(proxy, store):
    proxy.next(Fault(answer=part_of(DATA)))
    with store.read("the-key", MD5, 0, len(DATA)) as body:
        assert [body.read(5), body.read(5), body.read(5), body.read(5)] == [DATA[:5], DATA[5:10], DATA[10:], b""]


@pytest.mark.parametrize("arrived", range(len(DATA)))
@pytest.mark.parametrize("reset", [False, True])
def test_a_body_cut_short_never_looks_whole(proxy, store, arrived, reset):
    short = part_of(DATA[:arrived], end=len(DATA) - 1, Content_Length=str(len(DATA)))
    proxy.next(Fault(answer=short, reset=reset))
    with pytest.raises(Unavailable):
        read(store)


def test_a_body_longer_than_its_range_is_not_read_beyond_it(proxy, store):
    proxy.next(Fault(answer=part_of(DATA, Content_Length=str(len(DATA))) + b"and more"))
    assert read(store) == DATA


def test_a_body_that_stalls_is_given_up(proxy, store):
    stalled = part_of(DATA[:4], end=len(DATA) - 1, Content_Length=str(len(DATA)))
    proxy.next(Fault(answer=stalled, silent=True))
    with pytest.raises(Unavailable):
        read(store)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (part_of(DATA, etag="0" * 32), SealBroken),
        (part_of(DATA[:4]), SealBroken),
        (part_of(DATA[:4], total=len(DATA)), Unavailable),
        (part_of(DATA, start=1, total=100), Unavailable),
        (part_of(DATA, end=99), Unavailable),
        (canned("200 OK", DATA, **ETAG), Unavailable),
    ],
    ids=["another version", "the object ends early", "less", "elsewhere", "more", "not a range"],
)
def test_an_answer_to_another_question_is_not_read(proxy, store, answer, error):
    proxy.next(Fault(answer=answer))
    with pytest.raises(error):
        store.read("the-key", MD5, 0, len(DATA))


# Lists


def page(answer, inner, **headers):
    return Fault(answer=canned("200 OK", f"<{answer}>{inner}</{answer}>".encode(), **headers))


def test_an_empty_page_does_not_end_a_list(proxy, store):
    truncated = "<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
    proxy.next(
        page("ListBucketResult", truncated),
        page("ListBucketResult", "<IsTruncated>false</IsTruncated><Contents><Key>one</Key></Contents>"),
    )
    assert list(store.objects()) == ["one"]


def test_a_list_that_does_not_get_on_is_given_up(proxy, store):
    truncated = "<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
    proxy.next(then=page("ListBucketResult", truncated))
    with pytest.raises(Unavailable):
        list(store.objects())
    proxy.next(then=page("ListPartsResult", "<IsTruncated>true</IsTruncated>"))
    with pytest.raises(Unavailable):
        store.list_parts("the-key", "the-upload")


@pytest.mark.parametrize("call", ["objects", "uploads", "list_parts"])
def test_a_list_cut_short_is_not_a_short_list(proxy, store, call):
    proxy.next(then=Fault(answer=canned("200 OK", b"<Result><IsTruncated>fal")))
    with pytest.raises(Unavailable):
        CALLS[call](store)


# What leaks


@pytest.mark.parametrize(
    "fault", [refusal("403 Forbidden", "AccessDenied"), refusal("404 Not Found", "NoSuchUpload"), LOST, EXISTS]
)
def test_errors_and_logs_hold_no_keys_and_no_secrets(proxy, store, fault, caplog):
    caplog.set_level(logging.INFO)
    proxy.next(then=fault)
    for call in set(CALLS) - {"abort_upload"}:
        with pytest.raises(TransferError) as failed:
            CALLS[call](store)
        assert failed.value.__cause__ is None
        assert failed.value.__suppress_context__
        told = f"{failed.value} {failed.value!r} {failed.value.facts} {caplog.text}"
        for hidden in ("the-key", "the-bucket", "the-access-key-id", SECRET, MD5, "127.0.0.1", "S3"):
            assert hidden not in told


def test_a_store_shows_no_secret(store):
    assert SECRET not in repr(store)
    assert SECRET not in str(vars(store))


# Sending


@pytest.mark.parametrize("kind", [bytes, bytearray, lambda data: memoryview(bytearray(data))])
def test_a_large_part_is_sent_without_being_copied(proxy, store, kind):
    data = kind(bytes(16 * 1024 * 1024))
    proxy.next(then=Fault(answer=canned("200 OK", **ETAG)))
    CALLS["put_part"](store)
    tracemalloc.start()
    try:
        store.put_part("the-key", "the-upload", 1, data)
        store.put_once("the-key", data)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


def test_sent_bytes_can_be_wound_back():
    body = SentBytes(memoryview(DATA))
    assert len(body) == len(DATA)
    assert bytes(body.read(6)) == DATA[:6]
    assert body.tell() == 6
    assert body.seek(0, 2) == len(DATA)
    assert bytes(body.read(6)) == b""
    assert body.seek(-2, 1) == len(DATA) - 2
    assert body.seek(0) == 0
    assert bytes(body.read()) == DATA
