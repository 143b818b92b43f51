"""How Amazon's services are reached, for S3 and KMS alike: bounded waits, bounded retries, whose proxy.

Retries are botocore's "standard" mode: throttling, faults of the server and of the line are tried again after
jittered waits of up to 1, 2, 4 … seconds, and less often once a client has seen many fail.
"""

from typing import Any

import boto3
from botocore.config import Config


def aws_session(
    region: str, access_key_id: str | None = None, secret_access_key: str | None = None
) -> boto3.session.Session:
    """A session. Without credentials boto3 finds its own: environment, web identity, container or instance role."""
    return boto3.session.Session(
        aws_access_key_id=access_key_id, aws_secret_access_key=secret_access_key, region_name=region
    )


def aws_config(
    endpoint_url: str | None,
    *,
    connect_timeout_s: float,
    read_timeout_s: float,
    attempts: int,
    **more: Any,  # noqa: ANN401  # every option has a type of its own
) -> Config:
    """How long and how often. ``attempts`` counts the first; ``more`` is botocore's own.

    HTTPS_PROXY and NO_PROXY of the environment hold for Amazon's public addresses, which many hospitals reach through
    a proxy alone. An ``endpoint_url`` is this machine or the own network: no variable sends that elsewhere.
    """
    return Config(
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        proxies=None if endpoint_url is None else {},
        **more,
    )


def encrypted_by_kms(key_id: str | None) -> dict[str, Any]:
    """``at_rest`` for SSE-KMS beside our own sealing: under that key, or the account's own for S3 where it is None.

    A bucket key spares most calls to KMS. ETags are no MD5 then.
    """
    named = {} if key_id is None else {"SSEKMSKeyId": key_id}
    return {"ServerSideEncryption": "aws:kms", "BucketKeyEnabled": True, **named}
