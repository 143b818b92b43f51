import json
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from tests.edge.anywhere import Answer, ask, connected, is_closed, read_answer, request_bytes
from tests.gunicorn_process import GunicornProcess


def get(server: GunicornProcess, target: str, *headers: str) -> Answer:
    return ask(server, request_bytes("GET", target, headers=headers))


def test_an_unknown_route_and_a_foreign_id_are_one_and_the_same_404(server: GunicornProcess) -> None:
    answers = [get(server, "/api/v1/nowhere"), get(server, f"/api/v1/ids/{uuid4()}"), get(server, "/api/v1/ids/{1}")]
    for answer in answers:
        assert answer.status == 404
    bodies = {answer.body.replace(answer.problem["request_id"].encode(), b"") for answer in answers}
    assert len(bodies) == 1
    assert len({frozenset(answer.headers) for answer in answers}) == 1


def test_an_unforeseen_error_says_nothing_outside_and_no_values_inside(server: GunicornProcess) -> None:
    answer = get(server, "/api/v1/boom?name=ts_canary_query")
    assert (answer.status, answer.problem["code"]) == (500, "internal")
    assert b"Mustermann" not in answer.body
    log = server.log()
    assert answer.problem["request_id"] in log
    assert "builtins.RuntimeError" in log
    assert "tiny_app.py" not in log  # its frames are none of the service's
    assert "Mustermann" not in log
    assert "canary" not in log


def test_an_error_between_two_pieces_cuts_the_answer_and_keeps_quiet(server: GunicornProcess) -> None:
    with connected(server) as connection:
        connection.sendall(request_bytes("GET", "/api/v1/breaks"))
        data = b""
        while piece := connection.recv(1000):
            data += piece
    assert data.endswith(b"first")
    assert get(server, "/api/v1/things").status == 200


def test_facts_and_headers_of_errors_come_with_them(server: GunicornProcess) -> None:
    busy = get(server, "/api/v1/busy")
    assert (busy.status, busy.headers["retry-after"], busy.problem["code"]) == (429, "17", "too_many")
    locked = get(server, "/api/v1/locked")
    assert (locked.status, locked.problem["remaining_attempts"]) == (403, 3)


def test_every_answer_bears_the_security_headers(server: GunicornProcess) -> None:
    for answer in (get(server, "/api/v1/things"), get(server, "/nowhere"), get(server, "/api/v1/boom")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; base-uri 'none'")
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "strict-transport-security" not in answer.headers
        assert not any(each.isdigit() for each in answer.headers["server"])


def test_a_page_may_use_its_own_scripts_and_no_inline_ones(server: GunicornProcess) -> None:
    policy = get(server, "/page").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "host", ["", "evil.test", "service.test:80", "service.test.evil", "service.test' OR 1=1--", "service.test@evil"]
)
def test_a_foreign_host_is_refused(server: GunicornProcess, host: str) -> None:
    assert ask(server, request_bytes("GET", "/api/v1/things", host=host)).status == 400


def test_two_hosts_and_no_host_are_refused(server: GunicornProcess) -> None:
    assert get(server, "/api/v1/things", "Host: service.test").status == 400
    assert ask(server, b"GET /api/v1/things HTTP/1.1\r\n\r\n").status == 400


def test_the_host_is_matched_without_regard_to_case(server: GunicornProcess) -> None:
    assert ask(server, request_bytes("GET", "/api/v1/things", host="Service.TEST")).status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/%2e%2e/v1/things", "/api/v1/../v1/things", "/api/v1/%252e%252e/things", "/api/v1/things;x=1",
        "//api/v1/things", "/api//v1/things", "/api/v1/things/", "/api/v1/things.", "/api/v1%2fthings",
        "/api/v1/things%00", "/api/v1/things%5c", "/API/v1/things", "http://service.test/api/v1/things",
        "/api/v1/./things", "/api/v1/things%20", "/api/v1/things#x",
    ],
)  # fmt: skip
def test_an_odd_path_never_reaches_a_route(server: GunicornProcess, target: str) -> None:
    assert get(server, target).status in (400, 404)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "Get", "G", "DELETE"])
def test_other_methods_are_refused(server: GunicornProcess, method: str) -> None:
    assert ask(server, request_bytes(method, "/api/v1/things")).status in (400, 405)


def test_a_method_refused_by_a_route_says_which_are_allowed(server: GunicornProcess) -> None:
    answer = ask(server, request_bytes("DELETE", "/api/v1/things"))
    assert answer.problem["code"] == "method_not_allowed"
    assert {each.strip() for each in answer.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_method_override_is_not_read(server: GunicornProcess) -> None:
    assert get(server, "/api/v1/things", "X-HTTP-Method-Override: DELETE", "X-Method-Override: PUT").status == 200


def test_forwarded_headers_are_not_believed(server: GunicornProcess) -> None:
    answer = get(
        server, "/t/secret-ticket", "X-Forwarded-For: 8.8.8.8", "X-Real-IP: 8.8.8.8", "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.test", "Forwarded: for=8.8.8.8;proto=https", "X-Request-Id: mine-canary",
    )  # fmt: skip
    assert json.loads(answer.body) == {"client": "127.0.0.1", "scheme": "http"}
    assert "8.8.8.8" not in server.log()
    assert "mine-canary" not in server.log()


def test_no_path_or_query_is_logged(server: GunicornProcess) -> None:
    get(server, "/t/secret-ticket?also=secret-query")
    log = server.log()
    assert '"route": "/t/<_ticket>"' in log
    assert "secret-ticket" not in log
    assert "secret-query" not in log


def test_what_the_parser_refuses_is_neither_logged_nor_sent_back(server: GunicornProcess) -> None:
    requests = (
        b"GET /t/canary-1\x01 HTTP/1.1\r\nHost: service.test\r\n\r\n",
        b"GET /t/canary-1 HTTP/9.9\r\nHost: service.test\r\n\r\n",
        b"GET /t/canary-1 HTTP/1.1\r\nHost service.test canary-1\r\n\r\n",
        b"GET /t/canary-1 HTTP/1.1\nHost: service.test\n\n",
        b"canary-1\r\n\r\n",
        b"GET http://[canary-1 HTTP/1.1\r\nHost: service.test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: service.test\r\nExpect: canary-1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: service.test\r\ncanary-1: \x1b[31m\r\n\r\n",
    )
    for raw in requests:
        answer = ask(server, raw)
        assert answer.status in (400, 417)
        assert b"canary-1" not in answer.body
    assert "canary-1" not in server.log()
    assert "\x1b" not in server.log()


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 5",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, chunked",),
        ("Transfer-Encoding: \x0bchunked",),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: -1",),
        ("Content-Length: +1",),
        ("Content-Length: 1e3",),
        ("Content-Length: \xb2",),
        ("Content-Length: 0x5",),
        ("Content-Length:",),
    ],
)
def test_ambiguous_framing_is_refused_and_the_connection_ends(
    server: GunicornProcess, headers: tuple[str, ...]
) -> None:
    with connected(server) as connection:
        raw = request_bytes("POST", "/api/v1/things", headers=("Content-Type: application/json", *headers))
        connection.sendall(raw + b"0\r\n\r\nGET /api/v1/things HTTP/1.1\r\nHost: service.test\r\n\r\n")
        answer = read_answer(connection)
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert is_closed(connection)


@pytest.mark.parametrize("target", ["/page", "/api/v1/things", "/api/v1/parts/1", "/nowhere"])
@pytest.mark.parametrize(("sent", "most_cpu_s"), [(0, 0.05), (50_000_000, 0.25)], ids=["head", "all"])
def test_multipart_is_refused_at_once_and_costs_next_to_nothing(
    server: GunicornProcess, target: str, sent: int, most_cpu_s: float
) -> None:
    """Parsing these fifty megabytes would take seconds; to take them and throw them away does not."""
    before = cpu_s(server)
    with connected(server) as connection:
        head = ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 50000005")
        connection.sendall(request_bytes("POST", target, headers=head))
        if sent:
            connection.sendall(b"--x\r\n" + bytes(sent))
        answer = read_answer(connection)
        assert (answer.status, answer.headers["connection"]) == (415, "close")
        assert is_closed(connection)
    assert cpu_s(server) - before < most_cpu_s


def cpu_s(server: GunicornProcess) -> float:
    """The CPU time of its workers: how much else runs on the machine is not in it."""
    return sum(sum(worker.cpu_times()[:2]) for worker in psutil.Process(server.process.pid).children())


def test_a_compressed_request_is_refused(server: GunicornProcess) -> None:
    head = ("Content-Encoding: gzip", "Content-Type: application/json")
    assert ask(server, request_bytes("POST", "/api/v1/things", body=b"\x1f\x8b", headers=head)).status == 415


def test_a_form_beyond_its_bound_is_refused(server: GunicornProcess) -> None:
    head = ("Content-Type: application/x-www-form-urlencoded",)
    assert ask(server, request_bytes("POST", "/page", body=b"secret=abc", headers=head)).body == b"abc"
    assert ask(server, request_bytes("POST", "/page", body=b"secret=" + b"a" * 70_000, headers=head)).status == 413


def test_too_many_or_too_large_headers_are_refused(server: GunicornProcess) -> None:
    assert get(server, "/api/v1/things", "X-Large: " + "a" * 100_000).status == 431
    assert get(server, "/api/v1/things", *(f"X-{n}: 1" for n in range(1000))).status == 431
    assert get(server, "/api/v1/things", "Cookie: a=" + "b" * 8190).status == 431
    assert get(server, "/" + "a" * 9000).status == 414
    assert get(server, "/" + "a" * 100_000).status == 414


@pytest.mark.parametrize(
    ("header", "status", "length"),
    [
        ("bytes=0-9", 206, 10), ("bytes=1048570-", 206, 6), ("bytes=-5", 206, 5), ("bytes=0-9999999999", 206, 1048576),
        ("bytes=5-2", 200, 1048576), ("foo=0-1", 200, 1048576), ("bytes=a-b", 200, 1048576), ("bytes=-", 200, 1048576),
        ("bytes=-0", 416, None), ("bytes=1048576-", 416, None), ("bytes=0-1,5-9", 416, None),
        ("bytes=" + ",".join(f"{n}-{n + 5}" for n in range(1000)), 416, None),
    ],
)  # fmt: skip
def test_ranges_are_answered_by_the_rfc(server: GunicornProcess, header: str, status: int, length: int | None) -> None:
    answer = get(server, "/api/v1/files/a", f"Range: {header}")
    assert answer.status == status
    if length is None:
        assert answer.headers["content-range"] == "bytes */1048576"
    else:
        assert len(answer.body) == length


def test_if_range_holds_by_the_strong_tag_alone(server: GunicornProcess) -> None:
    for tag, status in (('"0123456789abcdef"', 206), ('W/"0123456789abcdef"', 200), ('"other"', 200)):
        assert get(server, "/api/v1/files/a", "Range: bytes=0-1", f"If-Range: {tag}").status == status


def test_a_range_means_nothing_for_head(server: GunicornProcess) -> None:
    answer = ask(server, request_bytes("HEAD", "/api/v1/files/a", headers=("Range: bytes=0-1",)))
    assert (answer.status, answer.headers["content-length"]) == (200, "1048576")


def test_log_lines_are_json_whatever_was_sent(server: GunicornProcess) -> None:
    get(server, "/%0d%0a%1b[31m/${jndi:x}")
    for line in server.log().splitlines():
        assert isinstance(json.loads(line), dict)


def test_curl_gets_the_refusal_of_an_upload_that_nobody_reads(server: GunicornProcess, tmp_path: Path) -> None:
    slide = tmp_path / "slide.svs"
    with slide.open("wb") as file:
        file.truncate(1 << 30)
    for expect in ("Expect: 100-continue", "Expect:"):
        found = subprocess.run(
            ["curl", "-sS", "-o", "-", "-w", "\n%{http_code} %{size_upload}", "-H", "Host: service.test", "-H", expect,
             "-H", "Authorization: Bearer bad", "-T", str(slide), f"{server.url}/api/v1/parts/1"],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        status, sent = found.stdout.splitlines()[-1].split(" ")
        assert status == "401"
        assert int(sent) < 100_000_000
        assert '"code": "not_authenticated"' in found.stdout


def test_refusals_before_the_route_are_fast_after_all_this(server: GunicornProcess) -> None:
    started = time.monotonic()
    assert get(server, "/nowhere").status == 404
    assert time.monotonic() - started < 5
