"""Expiry: when what is asked for may end."""

from datetime import datetime

from transfer_service.errors import ExpiryInPast, ExpiryTooFar


def check_expiry(expires_at: datetime, now: datetime, latest: datetime) -> None:
    """ExpiryInPast, ExpiryTooFar."""
    if expires_at <= now:
        raise ExpiryInPast
    if expires_at > latest:
        raise ExpiryTooFar
