"""A keyring that is a key of AWS KMS, which never leaves it.

What it wraps begins with ``KMS_MARK``, so that a local keyring and this one tell each other's keys from their own. The
rest is KMS's ciphertext. The port's context is KMS's encryption context: opaque ids, which CloudTrail shows in the
clear.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from transfer_service.adapters.aws import aws_config, aws_session
from transfer_service.errors import SealBroken, TransferError, Unavailable
from transfer_service.sealing.keys import SecretKey

KMS_MARK = b"aws-kms\0"
CHECK_EVERY_S = 10.0
_LONGEST_CIPHERTEXT = 6144
_NOT_OURS = {"InvalidCiphertextException", "IncorrectKeyException"}

_log = logging.getLogger(__name__)


class KmsKeyring:
    """Implements ``ports.Keyring`` with GenerateDataKey and Decrypt under one symmetric key.

    ``key_id`` is a key's id or ARN, or an alias's ARN; Decrypt names it too, so that what another key wrapped does not
    open. A call makes ``attempts`` tries (see `aws_config`), in each of which connecting may take ``connect_timeout_s``
    and the answer ``read_timeout_s``: fifteen seconds at most. ``clock`` tells seconds that never go back.
    """

    def __init__(
        self,
        *,
        key_id: str,
        region: str,
        endpoint_url: str | None = None,
        connect_timeout_s: float = 2.0,
        read_timeout_s: float = 2.0,
        attempts: int = 3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        library = logging.getLogger("botocore")  # at DEBUG it writes whole answers, which hold keys
        library.setLevel(max(logging.INFO, library.getEffectiveLevel()))
        self._key_id = key_id
        session = aws_session(region)
        times = {"connect_timeout_s": connect_timeout_s, "read_timeout_s": read_timeout_s}
        patient = aws_config(endpoint_url, attempts=attempts, max_pool_connections=32, **times)
        once = aws_config(endpoint_url, attempts=1, **times)
        self._kms = session.client("kms", endpoint_url=endpoint_url, config=patient)
        self._kms_once = session.client("kms", endpoint_url=endpoint_url, config=once)
        self._clock = clock
        self._lock = threading.Lock()
        self._is_usable, self._ask_at = False, clock()

    def generate(self, context: Mapping[str, str]) -> tuple[SecretKey, bytes]:
        """A new key from KMS, and the same wrapped by it."""
        plaintext, wrapped = self._asked(
            self._kms.generate_data_key,
            ("Plaintext", "CiphertextBlob"),
            KeySpec="AES_256",
            EncryptionContext=dict(context),
        )
        return _key(plaintext), KMS_MARK + wrapped

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
        """The key again. SealBroken where this key did not wrap it in this context."""
        ciphertext = wrapped.removeprefix(KMS_MARK)
        if len(ciphertext) == len(wrapped):
            raise SealBroken("It was not wrapped by AWS KMS, which the settings name as the keyring.")
        if not 0 < len(ciphertext) <= _LONGEST_CIPHERTEXT:
            raise SealBroken
        (plaintext,) = self._asked(
            self._kms.decrypt, ("Plaintext",), CiphertextBlob=ciphertext, EncryptionContext=dict(context)
        )
        return _key(plaintext)

    def check(self) -> None:
        """Return where the key is enabled; else ``Unavailable``.

        KMS is asked every CHECK_EVERY_S at most, by one caller at a time and once: anyone may ask for readiness, and
        every question costs money and a place below the account's limit.
        """
        with self._lock:
            if self._clock() >= self._ask_at:
                self._is_usable = self._is_enabled()
                self._ask_at = self._clock() + CHECK_EVERY_S
            if not self._is_usable:
                raise Unavailable

    def _is_enabled(self) -> bool:
        try:
            (key,) = self._asked(self._kms_once.describe_key, ("KeyMetadata",))
        except TransferError:
            return False
        state = key.get("KeyState")
        if state != "Enabled":
            _log.warning("The key in AWS KMS is in the state %s.", state)
        return bool(state == "Enabled")

    def _asked(self, call: Callable[..., Any], fields: tuple[str, ...], **what: object) -> tuple[Any, ...]:
        """Those fields of KMS's answer, whose rest is let go of."""
        try:
            answer = call(KeyId=self._key_id, **what)
            return tuple(answer[field] for field in fields)
        except ClientError as error:
            raise _meaning(error) from None
        except (BotoCoreError, ResponseParserError, KeyError) as error:
            raise _unavailable(f"AWS KMS did not answer: {type(error).__name__}.") from None


def _key(plaintext: bytes) -> SecretKey:
    try:
        return SecretKey(plaintext)
    except ValueError:
        raise SealBroken from None


def _meaning(error: ClientError) -> TransferError:
    """What KMS could not open, or Unavailable: a missing permission and a disabled key may be put right."""
    code = error.response.get("Error", {}).get("Code", "")
    refused = _unavailable(f"AWS KMS answered {code} to {error.operation_name}.")
    return SealBroken() if code in _NOT_OURS else refused


def _unavailable(reason: str) -> Unavailable:
    refused = Unavailable()
    refused.reason = reason
    _log.warning("%s", reason)
    return refused
