"""The whole journey through nginx as config/ has it: nothing is kept on a disk, nothing is named in a log."""

import json
import secrets
import shutil
import socket
import ssl
import subprocess
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import quote

import pytest

from scripts.journey import Journey
from scripts.standalone import Standalone as Machine
from scripts.standalone import free_port
from tests.databases import STANDALONES_FILE, SqliteKept
from tests.journey.canary_sweep import found
from tests.journey.nginx_process import make_certificate, running_nginx
from tests.journey.test_canaries import BIRTH_DATE, FILE_NAME, MARKER, NAME, RECORD_NUMBER, canaries_of, refusals
from tests.standalone_process import Standalone, clean_environment, eventually

TICKET = f"t_{secrets.token_urlsafe(24)}"
METRICS_TOKEN = secrets.token_hex(32)
MIB = 2**20


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def behind(tmp_path_factory, monkeypatch_module):
    """A journey that was played through nginx, which still runs; and nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    certificate, port = make_certificate(folder), free_port(0)
    ours = {
        "BEHIND_TLS_PROXY": "true",
        "PUBLIC_URL": f"https://localhost:{port}",
        "TRUSTED_PROXIES": "127.0.0.1",
        "METRICS_TOKEN": METRICS_TOKEN,
    }
    environment = clean_environment() | {f"TRANSFER_SERVICE_{name}": value for name, value in ours.items()}
    monkeypatch_module.setattr("tests.standalone_process.clean_environment", lambda: environment)
    monkeypatch_module.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch_module.setattr("scripts.journey.BIRTH_DATE", BIRTH_DATE)
    files = folder / "files" / "vogelnest"
    files.mkdir(parents=True)
    (files / FILE_NAME).write_bytes(bytes(100_000) + MARKER + bytes(20 * MIB))
    database = SqliteKept(folder / "data" / STANDALONES_FILE)
    with Standalone(folder / "data", kept=database).running() as installation:
        upstream = installation.base_url.removeprefix("http://")
        with running_nginx(folder / "nginx", port, upstream, certificate) as nginx:
            journey = Journey(Machine(installation.data_dir, nginx.url), folder / "files", NAME, RECORD_NUMBER)
            journey.play()
            refusals(journey)
            journey.canaries = canaries_of(journey, database) | {"ticket": TICKET, "TICKET": TICKET.upper()}
            yield journey, nginx, installation
    shutil.rmtree(folder)


def through(nginx) -> HTTPSConnection:
    return HTTPSConnection("localhost", nginx.port, timeout=60, context=ssl.create_default_context())


def asked(nginx, method, target, **headers):
    with closing(through(nginx)) as connection:
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def metrics_of(nginx, installation) -> str:
    connection = HTTPConnection(installation.base_url.removeprefix("http://"), timeout=60)
    host = {"Host": nginx.url.removeprefix("https://"), "Authorization": f"Bearer {METRICS_TOKEN}"}
    connection.request("GET", "/metrics", headers=host)
    answer = connection.getresponse()
    assert answer.status == 200
    text = answer.read().decode()
    connection.close()
    return text


def test_a_part_that_is_sent_slowly_goes_on_as_it_comes_and_is_never_on_a_disk(behind):
    journey, nginx, installation = behind
    packet = journey.service.post("/packets", journey.depositor, case=a_case())["id"]
    fields = {"path": "slow.svs", "size": 2 * MIB, "transport": "gateway"}
    file = journey.service.post(f"/packets/{packet}/files", journey.depositor, **fields)
    connection = through(nginx)
    connection.putrequest("PUT", f"/api/v1/packets/{packet}/files/{file['id']}/parts/1")
    connection.putheader("Authorization", f"Bearer {journey.depositor}")
    connection.putheader("Content-Length", str(2 * MIB))
    connection.endheaders()
    connection.send(bytes(MIB))
    running = 'running_transfers{direction="upload"} 1.0'
    assert eventually(lambda: running in metrics_of(nginx, installation))  # the service has it while the client sends
    assert nginx.buffered() == []
    connection.send(bytes(MIB))
    assert connection.getresponse().status == 204
    connection.close()
    assert nginx.buffered() == []


def test_a_range_of_a_file_comes_through_as_a_range(behind):
    journey, nginx, _ = behind
    token = journey.redeemed["access_token"]
    file = journey.service.get("/redeemed", token)["files"][0]
    target, authorization = f"/api/v1/redeemed/files/{file['id']}", f"Bearer {token}"
    status, headers, body = asked(nginx, "GET", target, Authorization=authorization, Range="bytes=5-14")
    assert (status, len(body)) == (206, 10)
    assert headers["Content-Range"] == f"bytes 5-14/{file['size']}"
    assert nginx.buffered() == []


def test_every_answer_is_to_be_had_over_tls_alone_and_tells_no_version(behind):
    _, nginx, _ = behind
    for target, wanted in (("/healthz", 200), ("/metrics", 404), ("/metrics/", 404), ("/%6detrics", 404)):
        status, headers, body = asked(nginx, "GET", target)
        assert status == wanted
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert b"1.2" not in body
        assert headers.get("Server") in {"nginx", "gunicorn", None}


def test_it_speaks_http_2_too(behind):
    _, nginx, _ = behind
    words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", f"{nginx.url}/readyz"]
    environment = {**clean_environment(), "CURL_CA_BUNDLE": str(nginx.folder.parent / "certificate.pem")}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "2 200"


def test_a_request_is_found_by_one_id_in_the_logs_of_both_and_the_client_is_who_nginx_saw(behind):
    _, nginx, installation = behind
    number = secrets.token_hex(16)
    _, headers, _ = asked(nginx, "GET", "/readyz", X_Request_Id=number, X_Forwarded_For="203.0.113.7")
    assert headers["X-Request-Id"] == number
    assert eventually(lambda: number in installation.log("serve") and number in nginx.access_log.read_text())
    (line,) = [line for line in installation.log("serve").splitlines() if number in line]
    assert json.loads(line)["client"] == "127.0.0.1"  # the client's own claim counts for nothing


def test_whatever_is_asked_no_log_and_no_folder_of_nginx_holds_a_word_of_it(behind):
    journey, nginx, installation = behind
    targets = (
        f"/t/{TICKET}",
        f"/t/{TICKET}?{TICKET}={quote(NAME)}",
        f"/api/v1/packets/{journey.packet['id']}/content/{quote(FILE_NAME)}",
        f"/{quote(NAME)}%ff/{RECORD_NUMBER}",
        f"/metrics/{TICKET}",
        f"/{TICKET * 300}",
    )
    for target in targets:
        said = {"Referer": f"https://x.test/{TICKET}", "User_Agent": NAME}
        assert asked(nginx, "GET", target, **said)[0] in {400, 404, 405, 414}
    with closing(through(nginx)) as connection:
        connection.putrequest(TICKET.upper(), f"/t/{TICKET}", skip_host=True)
        connection.endheaders()
        assert connection.getresponse().status == 400
    lines = nginx.access_log.read_text().splitlines()
    assert {*json.loads(lines[0])} == {
        "time", "client", "method", "status", "bytes_in", "bytes_out", "duration_s", "upstream_status", "request_id",
        "protocol",
    }  # fmt: skip
    canaries = journey.canaries | {"metrics token": METRICS_TOKEN}
    assert found(canaries, [nginx.folder]) == []
    scraped = installation.data_dir.parent / "scraped"
    scraped.mkdir()
    (scraped / "metrics").write_text(metrics_of(nginx, installation))
    assert found(canaries, [scraped, installation.data_dir / "logs"]) == []


def test_when_the_service_is_away_nginx_says_so_and_still_names_nothing(behind):
    """The last one: nothing comes back."""
    journey, nginx, installation = behind
    installation.kill_everything()
    authorization = f"Bearer {journey.redeemed['access_token']}"
    status, headers, body = asked(nginx, "GET", f"/t/{TICKET}", Authorization=authorization)
    assert (status, headers["Retry-After"], json.loads(body)["code"]) == (503, "5", "unavailable")
    assert "Strict-Transport-Security" in headers
    assert found(journey.canaries, [nginx.folder]) == []


def a_case():
    return {"accession_number": "S26-1", "patient": {"name": NAME, "birth_date": "1911-11-19", "record_number": "R-1"}}


def test_who_asks_too_much_at_once_is_told_to_come_again_as_the_service_would(tmp_path, monkeypatch):
    certificate, port = make_certificate(tmp_path), free_port(0)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        upstream = f"127.0.0.1:{silent.getsockname()[1]}"
        silent.settimeout(30)
        proxy = running_nginx(tmp_path / "nginx", port, upstream, certificate, most=1)
        with proxy as nginx, closing(through(nginx)) as first:
            first.request("GET", "/healthz")
            with closing(silent.accept()[0]):
                status, headers, body = asked(nginx, "GET", "/healthz")
    assert (status, headers["Retry-After"], headers["Content-Type"]) == (503, "5", "application/problem+json")
    assert json.loads(body)["code"] == "unavailable"
