"""Which addresses a webhook may have (B45): nothing inside, in whatever notation and under whatever name."""

import socket
import threading

import pytest

from transfer_service.adapters.webhooks.addresses import Address, is_public, read, resolved
from transfer_service.errors import Unavailable, WebhookRefused

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "64:ff9b::808:808"]
INSIDE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *(
        "192.0.0.1",
        "192.0.0.192",
        "192.88.99.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
    ),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8"),
    *("2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808"),
    *("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address):
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_public(address):
    assert not is_public(address)


def test_a_url_is_taken_apart():
    assert read("https://a.test", private_too=False) == Address("a.test", 443, "/", is_tls=True)
    assert read("https://A.test:8443/x/y?k=v", private_too=False) == Address("a.test", 8443, "/x/y?k=v", is_tls=True)
    assert read("https://[2606:4700::1]/", private_too=False) == Address("2606:4700::1", 443, "/", is_tls=True)
    assert read("http://a.test", private_too=True) == Address("a.test", 80, "/", is_tls=False)
    assert read("https://a.test:22/", private_too=True).port == 22


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://a.test/", "https"),
        ("ftp://a.test/", "https"),
        ("file:///etc/passwd", "https"),
        ("gopher://a.test/", "https"),
        ("//a.test/", "https"),
        ("a.test", "https"),
        ("https:///x", "names a host"),
        ("https://", "names a host"),
        ("https://:443/", "names a host"),
        ("https://a.test:22/", "port"),
        ("https://a.test:80/", "port"),
        ("https://a.test:0/", "port"),
        ("https://a.test:65536/", "can't be read"),
        ("https://a.test:x/", "can't be read"),
        ("https://[::1/", "can't be read"),
        ("https://[fe80::1%25eth0]/", "names a host"),
        ("https://user@a.test/", "no user name"),
        ("https://user:word@a.test/", "no user name"),
        ("https://good.test@a.test/", "no user name"),
        ("https://@a.test/", "no user name"),
        ("https://a.test/#x", "fragment"),
        ("https://a.test/#", "fragment"),
        ("https://a.test/a b", "ASCII"),
        ("https://a.test\\@b.test/", "ASCII"),
        ("https://a.test/\r\nHost: b.test", "ASCII"),
        ("https://a.test/\t", "ASCII"),
        (" https://a.test/", "ASCII"),
        ("https://bücher.test/", "ASCII"),
        ("https://a.test/" + "x" * 2048, "2048"),
        ("https://a_b.test/", "names a host"),
        ("https://a%2etest/", "names a host"),
    ],
)
def test_any_other_url_is_refused_in_a_sentence_that_says_why(url, why):
    with pytest.raises(WebhookRefused, match=why):
        read(url, private_too=False)


def known(*addresses):
    """A name that has these addresses."""

    def look_up(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return look_up


def look(*addresses, private_too=False, lookup=None):
    found = lookup or known(*addresses)
    return resolved(Address("a.test", 443, "/", is_tls=True), private_too=private_too, within_s=5, lookup=found)


def test_every_address_that_a_name_has_is_looked_at():
    assert look("8.8.8.8", "1.1.1.1", "8.8.8.8") == ["8.8.8.8", "1.1.1.1"]
    for addresses in (["8.8.8.8", "10.0.0.1"], ["127.0.0.1"], ["8.8.8.8", "::1"], ["8.8.8.8", "fe80::1%eth0"]):
        with pytest.raises(WebhookRefused, match="public"):
            look(*addresses)
    assert look("10.0.0.1", private_too=True) == ["10.0.0.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "localhost"])
def test_loopback_is_refused_in_every_notation_that_the_system_reads(host):
    address = read(f"https://{host}/", private_too=False)
    with pytest.raises(WebhookRefused):
        resolved(address, private_too=False, within_s=5)


def fails(error):
    def look_up(*_, **__):
        raise error

    return look_up


@pytest.mark.parametrize(
    "error", [socket.gaierror(socket.EAI_NONAME, "x"), OSError("x"), UnicodeError("label too long")]
)
def test_a_name_without_an_address_is_refused(error):
    for lookup in (fails(error), known()):
        with pytest.raises(WebhookRefused, match="has none"):
            look(lookup=lookup)


def test_a_resolver_that_fails_or_hangs_is_waited_for_no_longer_than_that():
    with pytest.raises(Unavailable):
        look(lookup=fails(socket.gaierror(socket.EAI_AGAIN, "x")))
    let_go = threading.Event()
    address = Address("a.test", 443, "/", is_tls=True)
    with pytest.raises(Unavailable, match="in time"):
        resolved(address, private_too=False, within_s=0.01, lookup=lambda *_, **__: let_go.wait(30) and [])
    let_go.set()
