"""Keyrings: a local file of wrapping keys, a key of AWS KMS, and a short memory before any keyring.

local   the file, how it is made and what is refused
kms     a key that never leaves AWS KMS
memory  what was unwrapped, for a minute at most
"""

from transfer_service.adapters.keyring.kms import KmsKeyring
from transfer_service.adapters.keyring.local import LocalKeyring, remove_unfinished
from transfer_service.adapters.keyring.memory import CachedKeyring

__all__ = ["CachedKeyring", "KmsKeyring", "LocalKeyring", "remove_unfinished"]
