"""Calls to a service: what is tried again, what is not, and what is never sent where."""

import json
import ssl

import pytest
import truststore
import urllib3

from tests.client.fake_service import Canned, FakeService, fake_service
from transfer_service.client import patience as patience_module
from transfer_service.client import transport
from transfer_service.client.failures import IntegrityBroken, Refused, TokenRefused, Unreachable, UsageWrong
from transfer_service.client.patience import ComeLater, Patience
from transfer_service.client.service import Service
from transfer_service.client.transport import address_of, connections


def problem(status: int, code: str, **facts: object) -> Canned:
    body = {"code": code, "detail": "A sentence.", "request_id": "r-1", **facts}
    return Canned(status, json.dumps(body).encode())


@pytest.fixture
def fake():
    with fake_service() as server:
        yield server


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """What was waited for, and is not."""
    waited: list[float] = []
    monkeypatch.setattr(Patience, "pause", lambda _self, seconds: waited.append(seconds))
    monkeypatch.setattr(patience_module, "FIRST_WAIT_S", 0.01)
    return waited


def service(fake: FakeService, patience_s: float = 60, token: str | None = "ts_token") -> Service:
    http = connections(address_of(fake.base_url), at_once=2, answer_within_s=5)
    return Service(fake.base_url, http, Patience(patience_s), token)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_exactly_when_it_says(fake, waits, status):
    fake.answers += [Canned(status, headers={"Retry-After": "7"})] * 2
    assert service(fake).get("/packets") == {}
    assert waits == [7, 7]


@pytest.mark.usefixtures("waits")
def test_a_post_has_one_idempotency_key_for_all_its_tries(fake):
    fake.answers += [Canned(502), Canned(503), Canned(cut_at=1, body=b"{...}")]
    service(fake).post("/packets", {"a": 1})
    assert len(fake.seen) == 4
    assert len({seen.headers["Idempotency-Key"] for seen in fake.seen}) == 1
    assert len({seen.headers["X-Request-Id"] for seen in fake.seen}) == 4
    assert {seen.body for seen in fake.seen} == {b'{"a": 1}'}


def test_a_part_is_sent_once_a_call_with_all_its_bytes_and_says_so(fake):
    moved: list[int] = []
    fake.answers.append(Canned(503, headers={"Retry-After": "1"}))
    data = memoryview(bytes(1_000_000))
    with pytest.raises(ComeLater) as later:
        service(fake).put("/parts/1", data, {"Content-Digest": "sha-256=:x:"}, moved.append)
    assert later.value.after_s == 1
    service(fake).put("/parts/1", data, {}, moved.append)
    assert [len(seen.body) for seen in fake.seen] == [1_000_000, 1_000_000]
    assert sum(moved) == 2_000_000


def test_a_dead_service_is_given_up_on_when_patience_ends(fake, monkeypatch):
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(patience_module.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(Patience, "pause", lambda _self, _seconds: None)
    dead = service(fake, patience_s=60)
    fake.shutdown()
    fake.server_close()
    with pytest.raises(Unreachable, match=r"can't be reached|broke off") as gone:
        dead.get("/packets")
    assert "127.0.0.1" not in str(gone.value)
    assert "run the same command again" in gone.value.advice
    assert len(gone.value.facts["request_id"]) == 32


def test_what_a_refusal_says_is_told_with_its_request_id_and_its_fields(fake):
    fake.answers.append(problem(422, "invalid", errors={"case.patient.email": ["Must be one."]}))
    with pytest.raises(Refused) as refused:
        service(fake).post("/packets", {})
    assert str(refused.value) == "A sentence. case.patient.email: Must be one."
    assert (refused.value.word, refused.value.status, refused.value.request_id) == ("invalid", 422, "r-1")


def test_what_steers_terminals_is_spelled_out(fake):
    fake.answers.append(problem(409, "x\x1b[2J", detail="\x1b]0;owned\x07 \u202e"))
    with pytest.raises(Refused) as refused:
        service(fake).get("/packets")
    assert str(refused.value) == "\\x1b]0;owned\\x07 \\u202e"
    assert refused.value.word == "x\\x1b[2J"


def test_a_token_that_is_not_accepted_is_not_tried_again(fake):
    fake.otherwise = problem(401, "not_authenticated")
    with pytest.raises(TokenRefused) as refused:
        service(fake).get("/packets")
    assert len(fake.seen) == 1
    assert "ts_token" not in str(refused.value)


def test_a_redirect_is_not_followed_so_that_a_token_goes_to_one_host_alone(fake):
    with fake_service() as other:
        fake.answers.append(Canned(302, headers={"Location": f"{other.base_url}/api/v1/packets"}))
        with pytest.raises(IntegrityBroken, match="not a transfer service"):
            service(fake).get("/packets")
        assert not other.seen


@pytest.mark.parametrize("body", [b"<html>sign in to the guest network</html>", b"{"])
def test_what_is_no_service_is_said_to_be_none(fake, body):
    fake.answers.append(Canned(body=body))
    with pytest.raises(IntegrityBroken, match="not a transfer service"):
        service(fake).get("/packets")


def test_every_page_of_a_list_is_read(fake):
    fake.answers += [
        Canned(body=b'{"items": [1, 2], "next_cursor": "c"}'), Canned(body=b'{"items": [3], "next_cursor": null}')
    ]  # fmt: skip
    assert list(service(fake).items("/recipients")) == [1, 2, 3]
    assert fake.seen[1].path.endswith("&cursor=c")


def test_deleting_what_is_gone_is_deleting_it(fake):
    fake.answers.append(problem(404, "not_found"))
    service(fake).delete("/packets/1/files/2")
    fake.answers.append(problem(409, "packet_not_open"))
    with pytest.raises(Refused):
        service(fake).delete("/packets/1/files/2")


def test_connections_are_kept(fake):
    mine = service(fake)
    for _ in range(5):
        mine.get("/packets")
    pool = mine._http.connection_from_url(fake.base_url)
    assert pool.num_connections == 1


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://Transfer.Hospital.example/", "https://transfer.hospital.example"),
        ("transfer.hospital.example:8443", "https://transfer.hospital.example:8443"),
        ("https://hospital.example/transfer/", "https://hospital.example/transfer"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_address_is_taken_as_people_write_it(url, base_url):
    assert address_of(url).base_url == base_url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x",
        "https://",
        "https://user:word@x",
        "https://x/?a=1",
        "https://x:port",
        "http://hospital.example",
        "http://127.0.0.1.example",
    ],
)
def test_what_is_no_address_or_would_show_tokens_is_refused(url):
    with pytest.raises(UsageWrong):
        address_of(url)


def test_plain_http_beyond_this_machine_must_be_asked_for():
    assert address_of("http://10.0.0.1", insecure_http=True).base_url == "http://10.0.0.1"


def test_the_proxy_of_the_environment_is_used_but_not_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word%21@proxy.hospital.example:3128")
    monkeypatch.setenv("NO_PROXY", "intranet.example")

    def pool(url: str) -> urllib3.PoolManager:
        return connections(address_of(url), at_once=2, answer_within_s=5)

    through = pool("https://transfer.example")
    assert isinstance(through, urllib3.ProxyManager)
    assert through.proxy.url == "http://proxy.hospital.example:3128"
    assert through.proxy_headers == {"proxy-authorization": "Basic dXNlcjp3b3JkIQ=="}
    assert not isinstance(pool("https://transfer.intranet.example"), urllib3.ProxyManager)
    assert not isinstance(pool("https://127.0.0.1"), urllib3.ProxyManager)


def test_the_systems_own_certificates_are_trusted_and_a_file_of_more(tmp_path):
    assert isinstance(transport._trust(None), truststore.SSLContext)
    pem = tmp_path / "ca.pem"
    pem.write_text("no certificates")
    with pytest.raises(UsageWrong, match="file of certificates"):
        transport._trust(pem)
    with pytest.raises(UsageWrong):
        transport._trust(tmp_path / "missing.pem")


def test_a_certificate_that_is_not_trusted_is_said_to_be_that_and_not_tried_again(fake, monkeypatch):
    def untrusted(*_args: object, **_kwargs: object) -> None:
        raise urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed certificate"))

    mine = service(fake)
    monkeypatch.setattr(mine._http, "request", untrusted)
    with pytest.raises(UsageWrong, match="self-signed certificate") as wrong:
        mine.get("/packets")
    assert "--ca-file" in wrong.value.advice


def test_tls_that_is_cut_off_is_tried_again_and_what_speaks_none_is_not(fake, monkeypatch):
    mine = service(fake)

    def failing(cause: Exception) -> None:
        def request(*_args: object, **_kwargs: object) -> None:
            raise urllib3.exceptions.SSLError(cause)

        monkeypatch.setattr(mine._http, "request", request)

    failing(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"))
    with pytest.raises(ComeLater, match="the connection broke off"):
        mine.put("/parts/1", memoryview(b"data"), {}, lambda _more: None)
    failing(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"))
    with pytest.raises(UsageWrong, match="does not speak TLS") as wrong:
        mine.get("/packets")
    assert "certificate" not in wrong.value.advice


def test_a_refusal_that_no_transfer_service_made_is_no_riddle(fake):
    fake.answers.append(Canned(404, b"<html>"))
    with pytest.raises(Refused, match="404") as refused:
        service(fake).get("/packets")
    assert "look at the address" in refused.value.advice
    fake.answers.append(problem(403, "not_allowed"))
    with pytest.raises(Refused) as refused:
        service(fake).get("/packets")
    assert "coordinators" in refused.value.advice
