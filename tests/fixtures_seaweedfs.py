"""A real SeaweedFS on the loopback address, for the tests that need a store which keeps its promises."""

import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.adapters.seaweedfs import SeaweedFS, free_ports
from transfer_service.errors import Unavailable

PROBE = bytes(65_536)


@contextmanager
def started(store: SeaweedFS) -> Iterator[subprocess.Popen]:
    """SeaweedFS as a process that answers. Kill the process to see what survives."""
    store.write_identities()
    with (store.data_dir / "weed.log").open("ab") as log:
        process = subprocess.Popen(
            store.command(),
            env=store.environment(),
            cwd=store.data_dir,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        await_answer(store, process)
        yield process
    finally:
        process.kill()
        process.wait()
        store.remove_sockets()


def await_answer(store: SeaweedFS, process: subprocess.Popen, within_s: float = 30) -> None:
    bucket = bucket_of(store, "is-it-ready")
    deadline = time.monotonic() + within_s
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return keeps_and_gives(bucket)
        except Unavailable:
            time.sleep(0.05)
    pytest.fail((store.data_dir / "weed.log").read_text(errors="replace")[-4000:])


def keeps_and_gives(bucket: S3ObjectStore) -> None:
    """Buckets answer before the volumes are found again after a kill: ready is who gives back what was put."""
    bucket.ensure_bucket()
    key = secrets.token_hex(8)
    etag = bucket.put_once(key, PROBE)
    with bucket.read(key, etag, 0, len(PROBE)) as body:
        assert body.read(len(PROBE)) == PROBE
    bucket.delete(key)


def bucket_of(store: SeaweedFS, bucket: str, **options) -> S3ObjectStore:
    """A bucket, which need not exist, with the store's own credentials unless ``options`` say otherwise."""
    settings = {
        "endpoint_url": store.endpoint_url,
        "region": "us-east-1",
        "bucket": bucket,
        "access_key_id": store.access_key_id,
        "secret_access_key": store.secret_access_key,
    }
    return S3ObjectStore(**(settings | options))


def drop(store: S3ObjectStore) -> None:
    """Empty a bucket and remove it, which gives its volumes back."""
    for upload in list(store.uploads()):
        store.abort_upload(upload.key, upload.upload_id)
    for key in list(store.objects()):
        store.delete(key)
    store._s3.delete_bucket(Bucket=store._bucket)


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory) -> Iterator[SeaweedFS]:
    """The description of a SeaweedFS that runs for the whole session."""
    data_dir = tmp_path_factory.mktemp("seaweedfs")
    store = SeaweedFS(data_dir, free_ports(1)[0], secrets.token_hex(10), secrets.token_hex(20))
    with started(store):
        yield store


@pytest.fixture
def object_store(seaweedfs) -> Iterator[S3ObjectStore]:
    """A fresh bucket in SeaweedFS. It lists three a page, so that every list has pages."""
    store = bucket_of(seaweedfs, f"bucket-{secrets.token_hex(6)}", page_size=3)
    store.ensure_bucket()
    yield store
    drop(store)
