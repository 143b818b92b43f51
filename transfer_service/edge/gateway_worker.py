"""gunicorn's threaded worker, changed so that no thread waits for a silent or slow client.

Stock gthread (27.0) gives a new connection to a thread that waits up to 5 s for its first byte and parses the
head with blocking reads; it closes a connection by waiting up to 2 s on the loop that serves all others; it
sends ``100 Continue`` before the application has looked at the request; and its log quotes what it refuses.
Here:

- heads, with bodies of up to 64 KiB, gather on the loop until they are whole, or a deadline passes;
- a connection whose request's body was left unread is answered with ``Connection: close``, half-closed, and
  drained on the loop within bounds, so that the answer is not lost to a reset (RFC 9112 section 9.6);
- ``100 Continue`` goes out when the body is first read;
- every read keeps a pace and every write a timeout (Patience);
- few threads at once wait for clients outside of a transfer's slot: the others find somebody to answer them;
- what is refused is named by the kind of error alone.

TLS and HTTP/2 are the business of the proxy in front.
"""

import errno
import logging
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from threading import BoundedSemaphore

from gunicorn.http import errors as http_errors  # type: ignore[import-untyped]  # gunicorn ships no types
from gunicorn.http.message import Request  # type: ignore[import-untyped]  # as above
from gunicorn.http.parser import Parser  # type: ignore[import-untyped]  # as above
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]  # as above

from transfer_service.edge.paced_socket import Pace, PacedSocket
from transfer_service.edge.raw_answers import raw_answer, status_of_parse_error
from transfer_service.edge.request_head import RequestHead
from transfer_service.edge.request_log import request_id
from transfer_service.edge.small_writes import in_small_writes
from transfer_service.edge.stopping import told_of_the_end
from transfer_service.errors import Busy

_log = logging.getLogger(__name__)

LINGER_BYTES = 64 * 1024 * 1024
#: A body that nobody reads with a pace of its own: forms and JSON beyond what the loop gathers.
SMALL_BODY_PACE = Pace(stall_s=10.0, grace_s=5.0, bytes_per_s=8192.0)

_THREADS_FOR_A_PLACE = 8
_RECEIVE_BYTES = 64 * 1024
_DRAIN_BYTES = 256 * 1024
_SWEEP_S = 0.25
_STOPPING_LINGER_S = 2.0


@dataclass(frozen=True)
class Patience:
    """For how many seconds the server waits.

    ``head_s``: for a first byte, and from it for a whole head (with a small body). ``send_s``: for a client
    to take 1 MiB; a slow reader's kernel first says that it has room when half of its buffer, some MiB, is
    free again, which takes a minute at 64 KiB/s. ``linger_s``: for a client to read an answer that ends its
    connection.
    """

    head_s: float = 10.0
    send_s: float = 300.0
    linger_s: float = 5.0


class GatewayRequest(Request):  # type: ignore[misc]  # gunicorn ships no types
    """A request that knows whether its body is still on the wire."""

    _expected_100_continue: bool

    def set_body_reader(self) -> None:
        """Frame the body as gunicorn does; owe a 100 Continue instead of sending it."""
        super().set_body_reader()
        if self._expected_100_continue:
            self._expected_100_continue = False
            self.unreader.sock.owe_continue()

    def should_close(self) -> bool:
        """Whether the connection ends with this request; once said, it stays said."""
        if self._body_is_on_the_wire():
            self.force_close()
        return bool(super().should_close())

    def _body_is_on_the_wire(self) -> bool:
        if self.body is None:
            return False
        left = getattr(self.body.reader, "length", None)  # None: chunked, which the gate refuses unread
        return left is None or left > len(self.unreader.buf.getbuffer())


class _GatewayParser(Parser):  # type: ignore[misc]  # gunicorn ships no types
    mesg_class = GatewayRequest


class GatewayConnection(TConn):  # type: ignore[misc]  # gunicorn ships no types
    """One client's connection: on the loop, or with one thread."""

    def __init__(self, cfg: object, sock: PacedSocket, client: object, server: object) -> None:
        super().__init__(cfg, sock, client, server)
        self.parser = _GatewayParser(cfg, sock, client)
        self.initialized = True
        self.head = RequestHead()
        self.ends_at = 0.0
        self.drained = 0


class GatewayWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """The worker that gateway_server runs."""

    wsgi: Callable[..., Iterable[bytes]]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._gathering: dict[GatewayConnection, None] = {}
        self._lingering: dict[GatewayConnection, None] = {}
        self._sweeps_at = 0.0
        self._patience: Patience = self.app.patience
        self._waiting_places = BoundedSemaphore(max(self.cfg.threads // _THREADS_FOR_A_PLACE, 1))

    def load_wsgi(self) -> None:
        """Load the application; what it sends goes out at most 1 MiB a write, so that the timeout is a pace."""
        super().load_wsgi()
        self.wsgi = partial(in_small_writes, partial(told_of_the_end, lambda: not self.alive, self.wsgi))

    # On the loop: gathering

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's signature
        """As gunicorn does; once stopping, whoever comes is refused at once instead of waiting for the end."""
        super().set_accept_enabled(enabled)
        for listener in () if self.alive else self.sockets:
            listener.close()

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection onto the loop."""
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._drop_oldest()
            return
        if self.nr_conns >= self.worker_connections - 1:
            self._drop_oldest()
        self.nr_conns += 1
        sock = PacedSocket(fileno=accepted.detach())
        sock.waiting_places = self._waiting_places
        self._gather(GatewayConnection(self.cfg, sock, client, listener.getsockname()), self._patience.head_s)

    def _gather(self, conn: GatewayConnection, for_s: float) -> None:
        conn.sock.setblocking(False)  # noqa: FBT003 - socket's own signature
        conn.ends_at = time.monotonic() + for_s
        self._gathering[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_head_readable, conn))

    def _on_head_readable(self, conn: GatewayConnection, _: object) -> None:
        if conn not in self._gathering:
            return  # it gave way to a newer one since the loop saw this
        data = _received(conn.sock)
        if data is None:
            return
        if not data:
            self._close(conn, self._gathering)
            return
        if not len(conn.head):
            conn.ends_at = time.monotonic() + self._patience.head_s
        conn.head.add(data)
        if conn.head.is_here():
            self._leave_loop(conn, self._gathering)
            self._serve(conn)
        elif status := conn.head.excess():
            self._refuse(conn, status)

    def _serve(self, conn: GatewayConnection) -> None:
        conn.parser.unreader.unread(conn.head.take())
        self.enqueue_req(conn)

    def _refuse(self, conn: GatewayConnection, status: int) -> None:
        self._leave_loop(conn, self._gathering)
        number = request_id()
        _log.warning("Refused a request before it was read: %d", status, extra={"request_id": number})
        _send_at_once(conn.sock, raw_answer(status, number))
        self._linger(conn)

    # In a thread

    def handle(self, conn: GatewayConnection) -> bool:
        """Serve one request whose head has arrived; returns whether the connection stays."""
        request = None
        try:
            conn.sock.send_timeout_s = self._patience.send_s
            conn.sock.set_pace(SMALL_BODY_PACE)
            request = next(conn.parser)
            return bool(self.handle_request(request, conn) and conn.parser.finish_body())
        except (StopIteration, http_errors.NoMoreData, OSError, Busy) as gone:
            _log.info("A connection ended early: %s", type(gone).__name__)
        except Exception as error:  # noqa: BLE001 - as gunicorn does: no request may end its thread
            self.handle_error(request, conn.sock, conn.client, error)
        finally:
            conn.sock.give_place_back()
        return False

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: BaseException) -> None:  # noqa: ARG002 - gunicorn's signature
        """Answer what is not HTTP/1.1 as this server takes it; say its kind, never its bytes."""
        status, number = status_of_parse_error(exc), request_id()
        if status is None:
            _log.error("A request failed outside the application.", exc_info=exc, extra={"request_id": number})
        else:
            kind = type(exc).__name__
            _log.warning("Refused a request that is not well-formed: %s", kind, extra={"request_id": number})
        _send_at_once(client, raw_answer(status or 500, number))

    # On the loop: after the answer

    def finish_request(self, conn: GatewayConnection, fs: "Future[bool]") -> None:
        """Wait for the connection's next request, or end it."""
        stays = not fs.cancelled() and fs.exception() is None and fs.result()
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
        elif stays:
            self._next_request(conn)
        else:
            self._linger(conn)

    def _next_request(self, conn: GatewayConnection) -> None:
        conn.sock.set_pace(None)
        conn.head.add(conn.parser.unreader.take_buffered())
        if conn.head.is_here():
            self._serve(conn)
        elif len(conn.head):
            self._gather(conn, self._patience.head_s)
        else:
            self._gather(conn, self.cfg.keepalive if self.alive else _STOPPING_LINGER_S)

    def _linger(self, conn: GatewayConnection) -> None:
        conn.sock.set_pace(None)
        conn.sock.setblocking(False)  # noqa: FBT003 - socket's own signature
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.ends_at = time.monotonic() + (self._patience.linger_s if self.alive else _STOPPING_LINGER_S)
        self._lingering[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_linger_readable, conn))

    def _on_linger_readable(self, conn: GatewayConnection, _: object) -> None:
        if conn not in self._lingering:
            return  # as above
        data = _received(conn.sock, _DRAIN_BYTES)
        if data is None:
            return
        conn.drained += len(data)
        if not data or conn.drained > LINGER_BYTES:
            self._close(conn, self._lingering)

    # Deadlines

    def murder_pending(self) -> None:
        """Close what has waited beyond its deadline; gunicorn's loop calls this after each turn."""
        now = time.monotonic()
        if now < self._sweeps_at:
            return
        self._sweeps_at = now + _SWEEP_S
        for conn in [conn for conn in self._lingering if conn.ends_at <= now]:
            self._close(conn, self._lingering)
        for conn in [conn for conn in self._gathering if conn.ends_at <= now]:
            if len(conn.head):
                self._refuse(conn, 408)
            else:
                self._close(conn, self._gathering)

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in (*self._gathering, *self._lingering):
            conn.ends_at = min(conn.ends_at, deadline)

    def _drop_oldest(self) -> None:
        for conns in (self._gathering, self._lingering):
            if conns:
                self._close(next(iter(conns)), conns)
                return

    def _leave_loop(self, conn: GatewayConnection, conns: dict[GatewayConnection, None]) -> None:
        del conns[conn]
        self.poller.unregister(conn.sock)

    def _close(self, conn: GatewayConnection, conns: dict[GatewayConnection, None]) -> None:
        self._leave_loop(conn, conns)
        self.nr_conns -= 1
        conn.close()


def _received(sock: socket.socket, most: int = _RECEIVE_BYTES) -> bytes | None:
    """What is there now; empty at the end, None where there is nothing yet."""
    try:
        return sock.recv(most)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def _send_at_once(sock: socket.socket, answer: bytes) -> None:
    try:
        sock.settimeout(0)
        sock.send(answer)
    except OSError:
        _log.debug("A refusal did not reach its client.")
