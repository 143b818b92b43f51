from collections.abc import Iterator

import pytest

from tests.gunicorn_process import GunicornProcess, running_gunicorn


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornProcess]:
    """The tiny application on a real gunicorn with 4 threads."""
    log_path = tmp_path_factory.mktemp("edge") / "server.log"
    with running_gunicorn("tests.edge.tiny_app:create_app", log_path, threads=4) as running:
        yield running
