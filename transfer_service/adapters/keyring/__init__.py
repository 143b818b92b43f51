"""Keyrings: a local file of wrapping keys, and a short memory before any keyring.

local   the file, how it is made and what is refused
memory  what was unwrapped, for a minute at most
"""

from transfer_service.adapters.keyring.local import LocalKeyring, remove_unfinished
from transfer_service.adapters.keyring.memory import CachedKeyring

__all__ = ["CachedKeyring", "LocalKeyring", "remove_unfinished"]
