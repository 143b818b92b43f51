"""What opens a patient's letter: the secret in its address, and the code beside it, which is another name of it.

Either finds the release: the same challenge, the same proofs, one count of wrong answers; and both die together.
"""

from dataclasses import dataclass

from transfer_service.domain.release import Release
from transfer_service.ports import Transaction
from transfer_service.sealing.keys import SecretKey, derive_key
from transfer_service.sealing.tokens import keyed_digest, mint_secret, token_hash
from transfer_service.sealing.typed_codes import grouped, mint_typed_code, read_typed_code


@dataclass(frozen=True, slots=True, repr=False)
class LetterSecret:
    """Both names as they stand in a letter that leads to ``page``, the code in groups; and what is kept of them."""

    page: str
    secret: str
    typed_code: str
    secret_hash: bytes
    typed_code_hash: bytes

    @property
    def url(self) -> str:
        """The address in the letter; a browser keeps what follows the # to itself."""
        return f"{self.page}#{self.secret}"


@dataclass(frozen=True)
class LetterSecrets:
    """Makes them, and finds releases by them.

    A typed code has 60 bits: whoever stole the database could try them all against a plain hash. It is kept under an
    HMAC, whose key comes from the ``service_key``, which is in the database only wrapped.
    """

    service_key: SecretKey

    def mint(self, page: str) -> LetterSecret:
        """A fresh pair, for a letter that leads to that page."""
        secret, typed_code = mint_secret(), mint_typed_code()
        return LetterSecret(page, secret, grouped(typed_code), token_hash(secret), self._hash(typed_code))

    def release(self, tx: Transaction, given: str) -> Release:
        """The release whose letter bears what was given, a code however it was typed; NotFound."""
        typed_code = read_typed_code(given)
        if typed_code is None:
            return tx.by_secret(Release, token_hash(given))
        return tx.by_typed_code(self._hash(typed_code))

    def _hash(self, typed_code: str) -> bytes:
        return keyed_digest(derive_key(self.service_key, "typed-codes"), typed_code.encode())
