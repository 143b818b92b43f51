"""Webhooks: which addresses may be called, and one call to one of them.

addresses   what a URL must be, and which addresses of the network are public
courier     one signed POST, bounded in every way
"""

from transfer_service.adapters.webhooks.courier import HttpsCourier

__all__ = ["HttpsCourier"]
