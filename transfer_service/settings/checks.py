"""What is refused at the start. Every refusal names the setting and says what to do."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import fields
from typing import NoReturn
from urllib.parse import urlsplit

from transfer_service.errors import SettingsInvalid
from transfer_service.settings.fields import KeyringKind, S3Encryption, Settings, SmtpSecurity, region_in
from transfer_service.settings.hosts import is_loopback

MAX_PORT = 65535
METRICS_TOKEN_LENGTH = 32
_KEY_ID = r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
_KEY = re.compile(
    rf"{_KEY_ID}|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:(?:key/{_KEY_ID}|alias/[A-Za-z0-9/_-]{{1,250}})"
)


def refuse(field: str, help_: str) -> NoReturn:
    """SettingsInvalid for that setting."""
    raise SettingsInvalid(f"{field}: {help_}", field=field)


def check(settings: Settings) -> None:
    """SettingsInvalid for the first setting that can't be right."""
    for one in _CHECKS:
        one(settings)


def _check_numbers(settings: Settings) -> None:
    for field in fields(Settings):
        value = getattr(settings, field.name)
        if type(value) is int and value < 1:
            refuse(field.name, "must be 1 or more.")


def _check_threads(settings: Settings) -> None:
    if settings.threads <= settings.uploads + settings.downloads:
        refuse("threads", "must be more than uploads and downloads together, or pages would wait for transfers.")


def _check_database(settings: Settings) -> None:
    problem = settings.database_url.problem()
    if problem is not None:
        refuse("database_url", problem)


def _check_credentials(settings: Settings) -> None:
    if (settings.s3_access_key_id is None) != (settings.s3_secret_access_key is None):
        refuse("s3_secret_access_key", "set it together with s3_access_key_id, or neither (the machine's own role).")


def _check_keyring(settings: Settings) -> None:
    if settings.keyring is KeyringKind.LOCAL:
        for name in ("kms_key_id", "kms_region", "kms_endpoint_url"):
            if getattr(settings, name) is not None:
                refuse(name, 'is for keyring = "kms": set that, or leave it out.')
    elif settings.kms_key_id is None:
        refuse("kms_key_id", 'must be set with keyring = "kms": the id or ARN of a symmetric key.')
    else:
        _check_kms(settings, settings.kms_key_id)


def _check_kms(settings: Settings, key_id: str) -> None:
    _check_key("kms_key_id", key_id)
    named = region_in(key_id)
    if named is not None and settings.region_of_kms != named:
        refuse("kms_region", f"leave it out: the key's ARN says {named}.")
    if settings.kms_endpoint_url is not None:
        _check_url("kms_endpoint_url", settings.kms_endpoint_url, "Keys would travel in the open.")


def _check_key(field: str, key_id: str) -> None:
    if not _KEY.fullmatch(key_id):
        refuse(field, "must be a key's id, a key's ARN or an alias's ARN; an alias alone names no account.")


def _check_encryption(settings: Settings) -> None:
    if settings.s3_sse_kms_key_id is None:
        return
    if settings.s3_sse is not S3Encryption.KMS:
        refuse("s3_sse_kms_key_id", 'is for s3_sse = "aws:kms": set that, or leave it out.')
    _check_key("s3_sse_kms_key_id", settings.s3_sse_kms_key_id)


def _check_endpoint(settings: Settings) -> None:
    if settings.s3_endpoint_url is not None:
        _check_url("s3_endpoint_url", settings.s3_endpoint_url, "Object keys and signatures would travel in the open.")


def _check_bind(settings: Settings) -> None:
    host, separator, port = settings.bind.rpartition(":")
    if not separator or not host or not port.isdecimal() or int(port) > MAX_PORT:
        refuse("bind", "must be host:port, such as 127.0.0.1:8080.")
    if not is_loopback(host) and not settings.behind_tls_proxy:
        refuse(
            "bind",
            "would listen beyond this machine without TLS. Put a proxy that speaks TLS in front and set "
            "behind_tls_proxy = true and public_url, or bind to 127.0.0.1.",
        )


def _check_public_url(settings: Settings) -> None:
    _check_url("public_url", settings.address, "Links and tokens would travel in the open.")
    if settings.behind_tls_proxy and urlsplit(settings.address).scheme != "https":
        refuse("public_url", "must be the https:// address of the proxy, since behind_tls_proxy is set.")


def _check_proxies(settings: Settings) -> None:
    for address in settings.trusted_proxies:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            refuse("trusted_proxies", "must be IP addresses, such as 127.0.0.1.")


def _check_metrics(settings: Settings) -> None:
    if settings.metrics_token is not None and len(settings.metrics_token.reveal()) < METRICS_TOKEN_LENGTH:
        refuse("metrics_token", f"must have {METRICS_TOKEN_LENGTH} characters or more, such as openssl rand -hex 32.")


def _check_mail(settings: Settings) -> None:
    if (settings.smtp_user is None) != (settings.smtp_password is None):
        refuse("smtp_password", "set it together with smtp_user, or neither.")
    if settings.smtp_port > MAX_PORT:
        refuse("smtp_port", f"must be at most {MAX_PORT}.")
    if settings.smtp_security is SmtpSecurity.NONE and settings.smtp_host and not is_loopback(settings.smtp_host):
        refuse("smtp_security", "must be starttls or tls: the mails hold codes and links.")
    if settings.mail_from is not None and (settings.mail_from.count("@") != 1 or not settings.mail_from.isprintable()):
        refuse("mail_from", "must be one address, such as transfer@hospital.example.")


def _check_url(field: str, url: str, danger: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        refuse(field, "must be an address such as https://transfer.hospital.example.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        refuse(field, "must end with the host and its port: no path, no query.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        refuse(field, f"must begin with https:// beyond this machine. {danger}")


_CHECKS: tuple[Callable[[Settings], None], ...] = (
    _check_numbers,
    _check_threads,
    _check_database,
    _check_keyring,
    _check_encryption,
    _check_credentials,
    _check_endpoint,
    _check_bind,
    _check_public_url,
    _check_proxies,
    _check_metrics,
    _check_mail,
)
