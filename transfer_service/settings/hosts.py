"""Which hosts are this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether that host is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
