"""One notice to one receiver: a signed POST (Standard Webhooks) over verified TLS, to an address that was looked at.

No proxy of the environment, no redirect; the whole attempt ends in time, however slowly what is said drips; of the
answer the status counts, and a first piece of the rest is taken off the line.
"""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer

from standardwebhooks import Webhook as Signer

from transfer_service import __version__
from transfer_service.adapters.webhooks.addresses import Address, Lookup, read, resolved
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.webhook import Notice, Webhook
from transfer_service.errors import NoticeNotTaken, Unavailable, WebhookRefused

ATTEMPT_S = 15.0
LOOKUP_S = 5.0
MOST_READ_BYTES = 4096
READ_S = 1.0
_GONE = 410


class HttpsCourier:
    """Implements ``ports.Courier``. ``private_too``: private addresses and http may be called as well."""

    def __init__(
        self,
        *,
        private_too: bool = False,
        attempt_s: float = ATTEMPT_S,
        lookup: Lookup = socket.getaddrinfo,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._private_too, self._attempt_s = private_too, attempt_s
        self._lookup, self._tls = lookup, tls

    def check(self, url: str) -> None:
        """WebhookRefused, Unavailable."""
        self._addresses(read(url, private_too=self._private_too), LOOKUP_S)

    def bring(self, notice: Notice, webhook: Webhook, now: datetime) -> None:
        """Return on any 2xx; NoticeNotTaken says why not, in a word."""
        ends_at = time.monotonic() + self._attempt_s
        body = body_of(notice)
        try:
            status = self._status(webhook.url, body, headers_of(notice, webhook, body, now), ends_at)
        except WebhookRefused:
            raise NoticeNotTaken("address_refused") from None
        except Unavailable:
            raise NoticeNotTaken("not_found") from None
        except (OSError, HTTPException, ValueError) as error:
            raise NoticeNotTaken(_word(error, is_over=time.monotonic() >= ends_at)) from None
        _check_status(status)

    def _status(self, url: str, body: bytes, headers: dict[str, str], ends_at: float) -> int:
        address = read(url, private_too=self._private_too)
        places = self._addresses(address, min(LOOKUP_S, _left(ends_at)))
        with _connected(places, address.port, ends_at) as line:
            connection = self._spoken(address, line)
            with closing(connection), closing(connection.sock) as spoken:
                connection.request("POST", address.target, body, headers)
                with closing(connection.getresponse()) as answer:
                    spoken.settimeout(READ_S)
                    with suppress(OSError, HTTPException, ValueError):  # it counts whatever comes after its status
                        answer.read1(MOST_READ_BYTES)
                    return answer.status

    def _spoken(self, address: Address, line: socket.socket) -> HTTPConnection:
        """HTTP over the line, which is to the address that was looked at; Host, SNI and certificate are the name's."""
        if not address.is_tls:
            plain = HTTPConnection(address.host, address.port)
            plain.sock = line
            return plain
        context = self._tls()
        connection = HTTPSConnection(address.host, address.port, context=context)
        connection.sock = context.wrap_socket(line, server_hostname=address.host)
        return connection

    def _addresses(self, address: Address, within_s: float) -> list[str]:
        return resolved(address, private_too=self._private_too, within_s=within_s, lookup=self._lookup)


def body_of(notice: Notice) -> bytes:
    """The payload, the same bytes in every attempt: opaque ids alone."""
    data = {
        "release_id": str(notice.release_id),
        "packet_id": str(notice.packet_id),
        "recipient_id": str(notice.recipient_id),
        "expires_at": rfc3339(notice.expires_at),
    }
    return json.dumps({"type": notice.kind.value, "timestamp": rfc3339(notice.made_at), "data": data}).encode()


def headers_of(notice: Notice, webhook: Webhook, body: bytes, now: datetime) -> dict[str, str]:
    """Id, the attempt's time, and a signature by each secret that signs now."""
    name, text = str(notice.id), body.decode()
    signatures = [Signer(secret).sign(name, now, text) for secret in webhook.signing_secrets(now)]
    return {
        "Content-Type": "application/json",
        "User-Agent": f"transfer-service/{__version__}",
        "Connection": "close",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@contextmanager
def _connected(places: list[str], port: int, ends_at: float) -> Iterator[socket.socket]:
    """A connection to the first that answers. When time is up it is shut down, whoever waits for it then."""
    line = _first_that_answers(places, port, ends_at)
    other = line.dup()  # of the same connection: TLS takes the first one over, where it can't be reached any more
    watch = Timer(_left(ends_at), _shut_down, [other])
    watch.daemon = True
    watch.start()
    try:
        yield line
    finally:
        watch.cancel()
        watch.join()
        other.close()
        line.close()


def _first_that_answers(places: list[str], port: int, ends_at: float) -> socket.socket:
    for place in places[:-1]:
        with suppress(OSError):
            return socket.create_connection((place, port), _left(ends_at) / 2)
    return socket.create_connection((places[-1], port), _left(ends_at))


def _shut_down(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _left(ends_at: float) -> float:
    """Seconds; never none, which a socket would take for never waiting."""
    return max(0.001, ends_at - time.monotonic())


def _check_status(status: int) -> None:
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        return
    if status == _GONE:
        raise NoticeNotTaken("gone", is_gone=True)
    is_redirect = 300 <= status < 400  # noqa: PLR2004 - RFC 9110 section 15.4
    raise NoticeNotTaken("redirected" if is_redirect else f"answered_{status}")


def _word(error: Exception, *, is_over: bool) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "certificate_refused"
        case _ if is_over or isinstance(error, TimeoutError):
            return "timed_out"
        case ssl.SSLError():
            return "no_tls"
        case HTTPException() | ValueError():
            return "no_http"
    return "not_reached"
