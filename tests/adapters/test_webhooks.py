"""One notice to one receiver, on real sockets: what counts as taken, and how little a bad receiver can do."""

import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from tests.factories import a_notice, a_webhook
from tests.webhook_receiver import OK, make_authority, receiving, speaking
from transfer_service.adapters.webhooks import HttpsCourier
from transfer_service.adapters.webhooks.courier import MOST_READ_BYTES
from transfer_service.domain.webhook import NoticeKind
from transfer_service.errors import NoticeNotTaken, WebhookRefused
from transfer_service.sealing.tokens import mint_webhook_secret

SHORT_S = 0.3


def answer(status, *headers, body=b""):
    return "\r\n".join([f"HTTP/1.1 {status} x", *headers, "", ""]).encode() + body


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority):
    return lambda: ssl.create_default_context(cafile=authority[0])


def at(port):
    """A resolver for which every name is this machine."""

    def look_up(host, _port, **_):
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    looked_up = []
    look_up.looked_up = looked_up
    return look_up


def courier(**changes):
    return HttpsCourier(**{"private_too": True, "attempt_s": 5, **changes})


def bring(receiver, notice=None, webhook=None, now=None, path="/hook", **changes):
    webhook = webhook or a_webhook(url=f"http://127.0.0.1:{receiver.port}{path}", secret=mint_webhook_secret())
    courier(**changes).bring(notice or a_notice(), webhook, now or datetime.now(UTC))


def why_not(*args, **kwargs):
    with pytest.raises(NoticeNotTaken) as refused:
        bring(*args, **kwargs)
    return refused.value.why


# What goes out


def test_what_arrives_verifies_with_the_receivers_own_library_and_holds_ids_alone():
    notice, secret = a_notice(kind=NoticeKind.EXPIRING), mint_webhook_secret()
    with receiving() as receiver:
        bring(receiver, notice, a_webhook(url=f"http://127.0.0.1:{receiver.port}/hook?key=7", secret=secret))
    (request,) = receiver.received
    assert request.path == "/hook?key=7"
    payload = standardwebhooks.Webhook(secret).verify(request.body, dict(request.headers))
    assert payload == {
        "type": "release.expiring",
        "timestamp": "2026-05-12T09:30:00.123456Z",
        "data": {
            "release_id": str(notice.release_id),
            "packet_id": str(notice.packet_id),
            "recipient_id": str(notice.recipient_id),
            "expires_at": "2026-06-11T09:30:00.123456Z",
        },
    }
    assert request.headers["webhook-id"] == str(notice.id)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"


def test_while_a_secret_is_changed_the_former_verifies_too_and_afterwards_not():
    old, new, now = mint_webhook_secret(), mint_webhook_secret(), datetime.now(UTC)
    with receiving() as receiver:
        for until in (now + timedelta(seconds=1), now):
            url = f"http://127.0.0.1:{receiver.port}/"
            bring(receiver, webhook=a_webhook(url=url, secret=new, former_secret=old, former_until=until), now=now)
    both, after = receiver.received
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(both.body, dict(both.headers))
    standardwebhooks.Webhook(new).verify(after.body, dict(after.headers))
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(old).verify(after.body, dict(after.headers))


def test_a_second_attempt_has_the_same_id_and_body_and_a_time_and_signature_of_its_own():
    notice, secret, now = a_notice(), mint_webhook_secret(), datetime.now(UTC)
    with receiving() as receiver:
        receiver.answers = [answer(500), OK]
        webhook = a_webhook(url=f"http://127.0.0.1:{receiver.port}/", secret=secret)
        assert why_not(receiver, notice, webhook, now - timedelta(seconds=9)) == "answered_500"
        bring(receiver, notice, webhook, now)
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    for each in (first, second):
        assert standardwebhooks.Webhook(secret).verify(each.body, dict(each.headers)) == json.loads(each.body)


# What comes back


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_taken(status):
    with receiving() as receiver:
        receiver.answers = [answer(status)]
        bring(receiver)


@pytest.mark.parametrize(
    ("status", "why"),
    [(400, "answered_400"), (404, "answered_404"), (429, "answered_429"), (503, "answered_503"), (410, "gone")],
)
def test_any_other_status_is_not_taken_and_says_which(status, why):
    with receiving() as receiver:
        receiver.answers = [answer(status)]
        with pytest.raises(NoticeNotTaken) as refused:
            bring(receiver)
    assert (refused.value.why, refused.value.is_gone) == (why, status == 410)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_never_followed(status):
    with receiving() as receiver, receiving() as other:
        receiver.answers = [answer(status, f"Location: http://127.0.0.1:{other.port}/inside")]
        assert why_not(receiver) == "redirected"
    assert other.received == []


def test_a_receiver_that_is_not_there_is_not_reached():
    with receiving() as receiver:
        pass
    assert why_not(receiver) == "not_reached"


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 70000])
def test_what_is_no_http_is_not_taken(said):
    def say(line):
        line.recv(65536)
        line.sendall(said)

    with speaking(say) as receiver:
        assert why_not(receiver) == "no_http"


def drip(data):
    """Says something a byte at a time, each in time for a timeout that begins anew with each."""

    def say(line):
        line.settimeout(5)
        for byte in data:
            line.sendall(bytes([byte]))
            threading.Event().wait(SHORT_S / 10)

    return say


def silence(line):
    line.settimeout(5)
    while line.recv(65536):
        pass


@pytest.mark.parametrize(
    "say",
    [
        silence,
        drip(b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 99),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
    ],
)
def test_a_receiver_that_hangs_or_drips_is_given_so_long_in_all_and_hung_up_on(say):
    with speaking(say) as receiver:
        began_at = time.monotonic()
        assert why_not(receiver, attempt_s=SHORT_S) == "timed_out"
        assert time.monotonic() - began_at < 10 * SHORT_S
        assert receiver.finished.wait(10)


@pytest.mark.parametrize("say", [silence, drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 999)])
def test_a_receiver_that_hangs_in_the_handshake_of_tls_is_given_no_longer(say, tls):
    with speaking(say) as receiver:
        began_at = time.monotonic()
        url = f"https://127.0.0.1:{receiver.port}/"
        assert why_not(receiver, webhook=a_webhook(url=url), attempt_s=SHORT_S, tls=tls) == "timed_out"
        assert time.monotonic() - began_at < 10 * SHORT_S
        assert receiver.finished.wait(10)


def test_a_huge_answer_is_not_read():
    sent = []

    def say(line):
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while len(sent) < 1000:
            line.sendall(b"x" * 2**20)
            sent.append(1)

    with speaking(say) as receiver:
        bring(receiver)
        assert receiver.finished.wait(10)
    assert len(sent) < 100
    assert MOST_READ_BYTES <= 4096


def test_a_body_that_does_not_come_is_not_waited_for_long():
    def say(line):
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        silence(line)

    with speaking(say) as receiver:
        began_at = time.monotonic()
        bring(receiver)
        assert time.monotonic() - began_at < 3


# TLS


def secure(receiver, host="remote.test"):
    return a_webhook(url=f"https://{host}:{receiver.port}/hook", secret=mint_webhook_secret())


def test_by_tls_the_certificate_and_the_host_are_the_name_s_and_the_connection_goes_where_was_looked(authority, tls):
    with receiving(authority[1]("remote.test")) as receiver:
        lookup = at(receiver.port)
        bring(receiver, webhook=secure(receiver), lookup=lookup, tls=tls)
    (request,) = receiver.received
    assert request.headers["Host"] == f"remote.test:{receiver.port}"
    assert lookup.looked_up == ["remote.test"]


def test_a_certificate_of_another_name_or_of_nobody_known_is_refused(authority, tls):
    with receiving(authority[1]("other.test")) as receiver:
        assert why_not(receiver, webhook=secure(receiver), lookup=at(0), tls=tls) == "certificate_refused"
        other = secure(receiver, "other.test")
        assert why_not(receiver, webhook=other, lookup=at(0)) == "certificate_refused"
        assert receiver.received == []
        bring(receiver, webhook=other, lookup=at(0), tls=tls)


def test_who_speaks_no_tls_is_not_taken_for_one_who_does(tls):
    with receiving() as receiver:
        assert why_not(receiver, webhook=secure(receiver), lookup=at(0), tls=tls) == "no_tls"
    assert receiver.received == []


# Inside


def test_without_the_setting_nothing_inside_is_called_whatever_a_name_said_before():
    """DNS rebinding: public when it was set, inside when it is called."""
    places = [["93.184.215.14"], ["127.0.0.1"]]

    def rebinding(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in places.pop(0)]

    with receiving() as receiver:
        url = f"https://remote.test:{receiver.port}/"
        strict = courier(private_too=False, lookup=rebinding)
        strict.check(url)
        with pytest.raises(NoticeNotTaken) as refused:
            strict.bring(a_notice(), a_webhook(url=url), datetime.now(UTC))
    assert refused.value.why == "address_refused"
    assert receiver.received == []


def test_a_name_that_can_not_be_looked_up_just_now_is_a_failure_like_any_other():
    def fails(*_, **__):
        raise socket.gaierror(socket.EAI_AGAIN, "x")

    with receiving() as receiver:
        assert why_not(receiver, lookup=fails) == "not_found"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/"]
)
def test_addresses_inside_are_refused_when_they_are_set_unless_the_setting_permits(url):
    with pytest.raises(WebhookRefused):
        HttpsCourier().check(url)
    HttpsCourier(private_too=True).check(url)


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        bring(receiver)
    assert len(receiver.received) == 1
    assert proxy.received == []


def test_the_first_address_that_answers_is_called():
    def two(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in ("127.0.0.2", "127.0.0.1")]

    with receiving() as receiver:
        bring(receiver, lookup=two)
    assert len(receiver.received) == 1


def test_after_an_attempt_no_thread_is_left():
    with receiving() as receiver:
        bring(receiver)
        assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer) and each.is_alive()]
