"""TLS, proxies and one pool of connections to one service.

The machine's own trust decides (truststore), so that a hospital's inspecting proxy is trusted where the hospital
says so; a file of certificates may be added. Redirects are never followed: a token goes to one host alone.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import truststore
import urllib3

from transfer_service.client.failures import UsageWrong

CONNECT_WITHIN_S: Final = 15.0
_BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is: scheme, host and port, and the path that everything of it stands under (mostly empty)."""

    base_url: str
    host: str


def address_of(url: str, *, insecure_http: bool = False) -> Address:
    """The service at that URL. UsageWrong where it is none, or would send secrets in the clear."""
    try:
        parts = urlsplit(url.strip() if "://" in url else f"https://{url.strip()}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or parts.username is not None or parts.query:
        raise UsageWrong("A service's address looks like https://transfer.hospital.example.")
    if parts.scheme == "http" and not (insecure_http or _is_loopback(host)):
        raise UsageWrong(
            "Over http:// everything, tokens among it, would travel in the clear.",
            advice="Use the https:// address. --insecure-http is for networks that nobody else can reach.",
        )
    path = parts.path.rstrip("/")
    return Address(urlunsplit((parts.scheme, parts.netloc.lower(), path, "", "")), host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def connections(
    address: Address, *, at_once: int, answer_within_s: float, ca_file: Path | None = None
) -> urllib3.PoolManager:
    """A pool that keeps ``at_once`` connections, through the proxy that the environment or the system names."""
    trust = _trust(ca_file)
    kept: dict[str, Any] = {
        "maxsize": at_once,
        "retries": False,
        "timeout": urllib3.Timeout(connect=CONNECT_WITHIN_S, read=answer_within_s),
        "ssl_context": trust,
        "blocksize": _BLOCK_BYTES,
    }
    proxy = _proxy_for(address)
    if proxy is None:
        return urllib3.PoolManager(**kept)
    return urllib3.ProxyManager(_bare(proxy), proxy_headers=_proxy_login(proxy), proxy_ssl_context=trust, **kept)


def _proxy_for(address: Address) -> SplitResult | None:
    """The proxy that the environment or the system names; none for this very machine."""
    url = getproxies().get(urlsplit(address.base_url).scheme)
    if not url or _is_loopback(address.host) or proxy_bypass(address.host):
        return None
    return urlsplit(url if "://" in url else f"http://{url}")


def _bare(proxy: SplitResult) -> str:
    """Its address without name and password, which errors might show."""
    return urlunsplit((proxy.scheme, proxy.netloc.rpartition("@")[2], "", "", ""))


def _proxy_login(proxy: SplitResult) -> Any:  # noqa: ANN401 - urllib3's own headers
    if proxy.username is None:
        return None
    word = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return urllib3.make_headers(proxy_basic_auth=word)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError):
            raise UsageWrong(f"{ca_file} can't be read as a file of certificates (PEM).") from None
    return context
