"""Which addresses a webhook may have: nothing inside, whatever name or notation leads there (SSRF).

A name is resolved here, every address that it has is looked at, and whoever connects does so to one of those: between
looking and calling no name is asked again.
"""

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from transfer_service.errors import Unavailable, WebhookRefused

LONGEST_URL = 2048
HTTPS_PORT, FIRST_FREE_PORT = 443, 1024

_WRITTEN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without spaces and backslashes, which are read in two ways
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291 section 2.4, as IANA assigns it
# Not public by IANA's registries of special-purpose addresses, whatever release of Python is asked: protocol
# assignments (some clouds' metadata among them), the former relays of 6to4, documentation.
_NEVER_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
_NEVER_V6 = (IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the network's own way to an IPv4 address

Lookup = Callable[..., list[Any]]


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart. ``target`` is path and query."""

    host: str
    port: int
    target: str
    is_tls: bool


def read(url: str, *, private_too: bool) -> Address:
    """The parts of a URL that may be called. WebhookRefused says what is wrong with it."""
    if len(url) > LONGEST_URL or not _WRITTEN.fullmatch(url):
        raise WebhookRefused(f"A webhook's URL has at most {LONGEST_URL} characters of ASCII, no spaces, no backslash.")
    parts, port = _split(url)
    is_tls = parts.scheme == "https"
    if not is_tls and not (private_too and parts.scheme == "http"):
        raise WebhookRefused("A webhook's URL begins with https://.")
    if "@" in parts.netloc or "#" in url:
        raise WebhookRefused("A webhook's URL has no user name, no password and no fragment.")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise WebhookRefused("A webhook's URL names a host, in ASCII (an international name as xn--…).")
    port = (HTTPS_PORT if is_tls else 80) if port is None else port
    if not private_too and port != HTTPS_PORT and port < FIRST_FREE_PORT:
        raise WebhookRefused(f"A webhook's port is {HTTPS_PORT}, or {FIRST_FREE_PORT} or above.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.hostname, port, target, is_tls)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookRefused("A webhook's URL can't be read.") from None
    return parts, port


def resolved(address: Address, *, private_too: bool, within_s: float, lookup: Lookup = socket.getaddrinfo) -> list[str]:
    """The addresses that the host has, each of which may be called. WebhookRefused, Unavailable."""
    found = list(dict.fromkeys(_looked_up(address, within_s, lookup)))
    if not found:
        raise WebhookRefused("A webhook's host has to have an address; this one has none.")
    if not private_too and not all(is_public(each) for each in found):
        raise WebhookRefused("A webhook's host has to be public: every address that its name has.")
    return found


def _looked_up(address: Address, within_s: float, lookup: Lookup) -> list[str]:
    """In a thread, for nothing else bounds how long the system's resolver takes. Unavailable."""
    found: list[str] | Exception = Unavailable("The webhook's host could not be looked up in time.")

    def look_up() -> None:
        nonlocal found
        try:
            known = lookup(address.host, address.port, type=socket.SOCK_STREAM)
            found = [entry[4][0] for entry in known]
        except socket.gaierror as error:
            found = Unavailable("The webhook's host could not be looked up.") if _may_pass(error) else []
        except (OSError, ValueError):  # a name that no resolver takes
            found = []

    thread = threading.Thread(target=look_up, name="lookup", daemon=True)
    thread.start()
    thread.join(within_s)
    outcome = found
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _may_pass(error: socket.gaierror) -> bool:
    return error.errno == socket.EAI_AGAIN


def is_public(text: str) -> bool:
    """Whether that IP address is one of the public internet, and leads to no other through what is embedded in it."""
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    return _is_public_v6(address)


def _is_public_v4(address: IPv4Address) -> bool:
    refused = address.is_multicast or address.is_reserved or any(address in each for each in _NEVER_V4)
    return address.is_global and not refused


def _is_public_v6(address: IPv6Address) -> bool:
    """IPv4 inside (mapped, compatible, 6to4, Teredo) is never public: who means an IPv4 address says so."""
    refused = address.sixtofour or address.scope_id or any(address in each for each in _NEVER_V6)
    return address in _GLOBAL_UNICAST and address.is_global and not refused
