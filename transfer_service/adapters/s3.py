"""The object store behind Amazon's S3 API: Amazon S3, or the embedded SeaweedFS at another address.

Every failure becomes one of the port's errors, with none of S3's words, no keys and no secrets in them.

Bodies are sent unhashed (``UNSIGNED-PAYLOAD``, no CRC): a sealed part authenticates itself and is read
back before its file counts, so hashing it three times over would buy nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from operator import itemgetter
from types import MappingProxyType
from typing import IO, Any, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3 import BaseHTTPResponse

from transfer_service.adapters.aws import aws_config, aws_session
from transfer_service.adapters.s3_bodies import S3ObjectBody, SentBytes
from transfer_service.adapters.s3_errors import (
    code_of,
    meaning_of,
    other_range,
    silence_of,
    status_of,
    translated,
    was_retried,
)
from transfer_service.errors import ObjectExists, ObjectMissing, PartsRefused, SealBroken, Unavailable, UploadGone
from transfer_service.ports import RunningUpload, StoredObject, StoredPart


class S3ObjectStore:
    """A bucket, through boto3; implements ``transfer_service.ports.ObjectStore``.

    ``endpoint_url`` is None for Amazon S3 itself; without credentials boto3 finds its own, such as the
    role of the machine. ``addressing`` is "path", "virtual" or "auto": path-style at an ``endpoint_url``, and
    boto3's choice at Amazon. ``at_rest`` is what `encrypted_by_kms` gives, or nothing. A call takes at most
    ``attempts`` tries (see `aws_config`). In each, connecting and every 128 KiB sent may take
    ``connect_timeout_s``, and every wait for an answer ``read_timeout_s``.
    """

    def __init__(  # noqa: PLR0913  # the settings of one store, all by keyword
        self,
        *,
        endpoint_url: str | None,
        region: str,
        bucket: str,
        access_key_id: str | None,
        secret_access_key: str | None,
        addressing: str = "auto",
        at_rest: Mapping[str, Any] = MappingProxyType({}),
        connect_timeout_s: float = 3.0,
        read_timeout_s: float = 20.0,
        attempts: int = 4,
        max_connections: int = 32,
        page_size: int = 1000,
    ) -> None:
        self._bucket = bucket
        self._region = region
        self._read_timeout_s = read_timeout_s
        self._page_size = page_size
        self._at_rest = dict(at_rest)
        if addressing == "auto" and endpoint_url:
            addressing = "path"  # a store of one's own seldom has a name for each bucket
        session = aws_session(region, access_key_id, secret_access_key)
        config = aws_config(
            endpoint_url,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            attempts=attempts,
            signature_version="s3v4",
            s3={"addressing_style": addressing, "payload_signing_enabled": False},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=max_connections,
        )
        once = config.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=5))
        self._s3 = session.client("s3", endpoint_url=endpoint_url, config=config)
        self._s3_once = session.client("s3", endpoint_url=endpoint_url, config=once)

    def ensure_bucket(self) -> None:
        """Create the bucket unless it is there. ``Unavailable`` where it can't be created or used."""
        try:
            self._s3_once.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if status_of(error) != HTTPStatus.NOT_FOUND:
                raise Unavailable from None
            self._create_bucket()
        except BotoCoreError:
            raise Unavailable from None

    def check(self) -> None:
        """Return where the bucket answers, at the first attempt; else ``Unavailable``."""
        try:
            self._s3_once.head_bucket(Bucket=self._bucket)
        except (ClientError, BotoCoreError):
            raise Unavailable from None  # unlogged: who asks so often knows what the answer means

    def put_once(self, key: str, data: bytes | memoryview) -> str:
        """Store a whole object under a key never used before; its ETag. ``ObjectExists`` otherwise.

        Where an attempt's answer was lost, the next one meets its own object. It is taken for ours if its
        ETag is the MD5 of ``data``; where a store has other ETags, the caller takes a new key instead.
        """
        try:
            answer = self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=_sent(data),
                IfNoneMatch="*",
                **self._at_rest,
            )
        except ClientError as error:
            if code_of(error) != "PreconditionFailed":
                raise meaning_of("PutObject", error) from None
            if not was_retried(error):
                raise ObjectExists from None
        except (BotoCoreError, ResponseParserError) as error:
            raise silence_of("PutObject", error) from None
        else:
            return _bare(answer["ETag"])
        return self._own_earlier_attempt(key, data)

    def begin_upload(self, key: str) -> str:
        """Begin a multipart upload; its upload id."""
        with translated("CreateMultipartUpload"):
            return self._s3.create_multipart_upload(Bucket=self._bucket, Key=key, **self._at_rest)["UploadId"]

    def put_part(self, key: str, upload_id: str, number: int, data: bytes | memoryview) -> str:
        """Store one part (numbers from 1), replacing an earlier attempt; its ETag. ``UploadGone``."""
        with translated("UploadPart"):
            answer = self._s3.upload_part(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=_sent(data),
            )
            return _bare(answer["ETag"])

    def list_parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """All parts present, by number. ``UploadGone``.

        S3 lists the last attempt at each part. SeaweedFS lists every attempt, and completes with any of
        them: the later ones come last here, as far as its clock of whole seconds can tell.
        """
        with translated("ListParts"):
            found = sorted(self._parts(key, upload_id), key=itemgetter("PartNumber", "LastModified"))
            return [StoredPart(part["PartNumber"], _bare(part["ETag"]), part["Size"]) for part in found]

    def complete_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Join (number, ETag) pairs into the object. ``PartsRefused``, ``UploadGone``.

        S3 was seen to answer 200 with nothing in it, so returning proves nothing: ask ``head``. So does
        ``UploadGone``: an attempt whose answer was lost may have completed the upload.
        """
        if not parts:
            raise PartsRefused
        listed: Any = [{"PartNumber": number, "ETag": _quoted(etag)} for number, etag in parts]
        with translated("CompleteMultipartUpload"):
            self._s3.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts; content where it is gone already."""
        with suppress(UploadGone), translated("AbortMultipartUpload"):
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    def head(self, key: str) -> StoredObject | None:
        """The object as the store has it, or None."""
        try:
            answer = self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if status_of(error) != HTTPStatus.NOT_FOUND:
                raise meaning_of("HeadObject", error) from None
        except BotoCoreError as error:
            raise silence_of("HeadObject", error) from None
        else:
            return StoredObject(_bare(answer["ETag"]), answer["ContentLength"])
        self.check()  # a missing bucket answers the same 404, and must not pass for a missing object
        return None

    def read(self, key: str, etag: str, start: int, length: int) -> S3ObjectBody:
        """Bytes [start, start + length) of exactly that version; ``length`` is at least 1.

        ``ObjectMissing`` where it is gone, ``SealBroken`` where the ETag is another or the object ends
        before the range does; a body that ends early raises ``Unavailable`` when read.
        """
        span = f"bytes {start}-{start + length - 1}/"
        with translated("GetObject"):
            answer = self._s3.get_object(
                Bucket=self._bucket, Key=key, IfMatch=_quoted(etag), Range=span[:-1].replace(" ", "=")
            )
        raw = cast(BaseHTTPResponse, answer["Body"].__enter__())
        if _bare(answer["ETag"]) != etag:
            raw.close()
            raise SealBroken
        if not answer.get("ContentRange", "").startswith(span) or answer["ContentLength"] != length:
            raw.close()
            raise other_range(answer.get("ContentRange", ""), start + length)
        return S3ObjectBody(raw, length, self._read_timeout_s)

    def delete(self, key: str) -> None:
        """Remove an object; content where it is gone already."""
        with suppress(ObjectMissing), translated("DeleteObject"):
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def objects(self) -> Iterator[str]:
        """Every object key in the bucket, a page at a time."""
        pages = self._s3.get_paginator("list_objects_v2")
        with translated("ListObjectsV2"):
            for page in pages.paginate(Bucket=self._bucket, PaginationConfig={"PageSize": self._page_size}):
                yield from (found["Key"] for found in page.get("Contents", ()))

    def uploads(self) -> Iterator[RunningUpload]:
        """Every running multipart upload in the bucket."""
        pages = self._s3.get_paginator("list_multipart_uploads")
        with translated("ListMultipartUploads"):
            for page in pages.paginate(Bucket=self._bucket, PaginationConfig={"PageSize": self._page_size}):
                yield from (RunningUpload(found["Key"], found["UploadId"]) for found in page.get("Uploads", ()))

    def _parts(self, key: str, upload_id: str) -> Iterator[Any]:
        after, more = 0, True
        while more:
            page = self._s3.list_parts(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumberMarker=after,
                MaxParts=self._page_size,
            )
            parts, more = page.get("Parts", []), page["IsTruncated"]
            if more:
                parts, after = _whole_numbers(parts)
            yield from parts

    def _create_bucket(self) -> None:
        place: Any = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        if self._region == "us-east-1":  # S3 refuses to be told its default place
            place = {}
        with translated("CreateBucket"), suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            self._s3.create_bucket(Bucket=self._bucket, **place)

    def _own_earlier_attempt(self, key: str, data: bytes | memoryview) -> str:
        found = self.head(key)
        if found is None or found.etag != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise ObjectExists
        return found.etag


def _whole_numbers(parts: list[Any]) -> tuple[list[Any], int]:
    """What to keep of a page that isn't the last, and where the next begins: no number is cut in two."""
    if not parts:
        raise Unavailable
    last = parts[-1]["PartNumber"]
    kept = [part for part in parts if part["PartNumber"] < last]
    return (kept, last - 1) if kept else (parts, last)


def _sent(data: bytes | memoryview) -> IO[bytes]:
    return cast(IO[bytes], SentBytes(data))  # all that botocore needs of a file, which IO's stub hides


def _bare(etag: str) -> str:
    return etag.strip('"')


def _quoted(etag: str) -> str:
    return f'"{etag}"'
