"""Downloads from a service that may do anything: a file has its final name when it is right, or not at all."""

import json
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.client.fake_service import Canned, FakeService, fake_service
from tests.client.test_verify import KEY, manifest
from transfer_service.client.delivery import fetch as fetch_module
from transfer_service.client.delivery.download import Download, InTheWay, Wanted
from transfer_service.client.delivery.fetch import FetchOptions, fetch_packet
from transfer_service.client.delivery.link_url import LinkUrl, link_url
from transfer_service.client.delivery.sealed_state import SealedState
from transfer_service.client.failures import (
    ClientFailure,
    DiskFull,
    IntegrityBroken,
    NotFetched,
    Unreachable,
    UsageWrong,
)
from transfer_service.client.patience import Patience
from transfer_service.client.progress import Silence
from transfer_service.client.service import Service
from transfer_service.client.transport import address_of, connections
from transfer_service.sealing.tokens import mint_secret

DATA = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def _at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(Patience, "pause", lambda self, _seconds: self.check())
    monkeypatch.setattr("transfer_service.client.delivery.download._PAUSE_S", 0)
    monkeypatch.setenv("PACKET_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def fake():
    with fake_service() as server:
        yield server


def service(fake: FakeService, patience_s: float = 60) -> Service:
    return Service(
        fake.base_url, connections(address_of(fake.base_url), at_once=2, answer_within_s=5), Patience(patience_s)
    )


def wanted(folder: Path, data: bytes = DATA) -> Wanted:
    return Wanted("id-1", "slide.svs", len(data), sha256(data).hexdigest(), folder / "slide.svs")


def download(fake: FakeService, folder: Path, *, overwrite: bool = False, data: bytes = DATA) -> None:
    Download(service(fake), wanted(folder, data), Silence(), overwrite=overwrite).run()


def rest(start: int, data: bytes = DATA) -> Canned:
    return Canned(206, data[start:], {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})


def test_what_breaks_off_goes_on_at_that_byte_of_that_very_file(fake, tmp_path):
    fake.answers += [Canned(body=DATA, cut_at=1000), Canned(503, headers={"Retry-After": "1"}), rest(1000)]
    download(fake, tmp_path)
    assert (tmp_path / "slide.svs").read_bytes() == DATA
    asked = [(seen.headers.get("Range"), seen.headers.get("If-Range")) for seen in fake.seen]
    assert asked == [(None, None), *[("bytes=1000-", f'"{sha256(DATA).hexdigest()}"')] * 2]
    assert [path.name for path in tmp_path.iterdir()] == ["slide.svs"]


def test_what_an_earlier_run_left_is_gone_on_with_and_a_whole_answer_begins_anew(fake, tmp_path):
    (tmp_path / ".slide.svs.part").write_bytes(DATA[:5000])
    fake.answers.append(Canned(body=DATA))
    download(fake, tmp_path)
    assert fake.seen[0].headers["Range"] == "bytes=5000-"
    assert (tmp_path / "slide.svs").read_bytes() == DATA


def test_what_is_whole_already_is_only_named(fake, tmp_path):
    (tmp_path / ".slide.svs.part").write_bytes(DATA)
    download(fake, tmp_path)
    assert not fake.seen
    assert (tmp_path / "slide.svs").read_bytes() == DATA


@pytest.mark.parametrize("left", [b"x" * 5000, b"x" * (len(DATA) + 1), b"x" * len(DATA)])
def test_what_an_earlier_run_left_wrong_is_fetched_anew_once(fake, tmp_path, left):
    (tmp_path / ".slide.svs.part").write_bytes(left)
    fake.answers += [rest(5000)] if len(left) == 5000 else []
    fake.otherwise = Canned(body=DATA)
    download(fake, tmp_path)
    assert (tmp_path / "slide.svs").read_bytes() == DATA


@pytest.mark.parametrize(
    "answer",
    [Canned(body=b"y" * len(DATA)), Canned(body=DATA + b"more")],
)
def test_what_is_not_what_the_manifest_names_never_has_its_final_name(fake, tmp_path, answer):
    fake.otherwise = answer
    with pytest.raises(IntegrityBroken):
        download(fake, tmp_path)
    assert not (tmp_path / "slide.svs").exists()


def test_another_range_than_was_asked_for_is_refused(fake, tmp_path):
    (tmp_path / ".slide.svs.part").write_bytes(DATA[:5000])
    fake.answers.append(rest(4000))
    with pytest.raises(IntegrityBroken, match="Another range"):
        download(fake, tmp_path)


def test_a_service_that_gives_nothing_is_given_up_on_and_what_came_stays(fake, tmp_path):
    fake.answers.append(Canned(body=DATA, cut_at=1000))
    fake.otherwise = Canned(503, headers={"Retry-After": "100"})
    with pytest.raises(Unreachable):
        download(fake, tmp_path)
    assert (tmp_path / ".slide.svs.part").stat().st_size == 1000


def test_an_empty_file_is_asked_for_too_so_that_it_is_recorded(fake, tmp_path):
    fake.answers.append(Canned(body=b""))
    download(fake, tmp_path, data=b"")
    assert len(fake.seen) == 1
    assert (tmp_path / "slide.svs").read_bytes() == b""


def test_a_link_in_the_place_of_a_file_is_not_written_through(fake, tmp_path):
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    (tmp_path / "slide.svs").symlink_to(mine)
    fake.otherwise = Canned(body=DATA)
    with pytest.raises(InTheWay):
        download(fake, tmp_path)
    download(fake, tmp_path, overwrite=True)
    assert (mine.read_bytes(), (tmp_path / "slide.svs").read_bytes()) == (b"mine", DATA)
    (tmp_path / "slide.svs").unlink()
    (tmp_path / ".slide.svs.part").symlink_to(mine)
    with pytest.raises(ClientFailure, match="can't be written"):
        download(fake, tmp_path)
    assert mine.read_bytes() == b"mine"


# The whole of it, over the wire of a fake


def admitting(fake: FakeService, files: dict[str, bytes]) -> LinkUrl:
    """Lets anyone in, to these files."""
    document = manifest(files)
    signed = {"manifest": document, "signature": KEY.sign(document), "key_id": KEY.key_id}
    packet = {"organization": "General Hospital", "department": "Pathology"}
    released = {"packet": packet, "manifest": signed, "files": document["files"], "expires_at": "2099-01-01T00:00:00Z"}
    fake.answers += [as_json({"challenge_id": "c-1", "needs": "code"}), as_json({"access_token": "ts_x", **released})]
    return link_url(f"{fake.base_url}/l#{mint_secret()}")


def as_json(value: object) -> Canned:
    return Canned(body=json.dumps(value).encode())


def fetched(fake: FakeService, link: LinkUrl, folder: Path, **options: object) -> None:
    fetch_packet(service(fake), link, folder, lambda _needs, _wrong: "123456", FetchOptions(1, **options))  # type: ignore[arg-type]


def test_hostile_names_stay_inside_the_folder(fake, tmp_path):
    names = ["../../up.svs", "/etc/passwd", "C:\\x", "CON", "a/../../b", ".packet/manifest.json"]
    link = admitting(fake, dict.fromkeys(names, b"data"))
    fake.otherwise = Canned(body=b"data")
    fetched(fake, link, tmp_path / "in" / "got", manifest_key=KEY.public_key_pem())
    outside = [
        path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(tmp_path / "in" / "got")
    ]
    assert [path.relative_to(tmp_path).parts[0] for path in outside] == ["state"]
    assert sum(path.read_bytes() == b"data" for path in (tmp_path / "in" / "got").rglob("*") if path.is_file()) == len(
        names
    )


def test_a_folder_that_leads_out_is_not_followed(fake, tmp_path):
    (tmp_path / "got").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "got" / "slides").symlink_to(tmp_path / "elsewhere")
    link = admitting(fake, {"slides/deep/a.svs": b"data", "b.svs": b"data"})
    fake.otherwise = Canned(body=b"data")
    with pytest.raises(NotFetched) as refused:
        fetched(fake, link, tmp_path / "got")
    assert set(refused.value.facts["files"]) == {"slides/deep/a.svs"}
    assert not list((tmp_path / "elsewhere").iterdir())
    assert (tmp_path / "got" / "b.svs").read_bytes() == b"data"


def test_room_is_looked_at_before_anything_is_fetched(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_module.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=3))
    with pytest.raises(DiskFull, match="4 bytes are to come"):
        fetched(fake, admitting(fake, {"a.svs": b"data"}), tmp_path / "got")
    assert len(fake.seen) == 2


def test_a_manifest_that_the_pinned_key_did_not_sign_stops_it_before_the_first_byte(fake, tmp_path):
    other = type(KEY).generate().public_key_pem()
    with pytest.raises(IntegrityBroken, match="not signed"):
        fetched(fake, admitting(fake, {"a.svs": b"data"}), tmp_path / "got", manifest_key=other)
    assert not list((tmp_path / "got").iterdir())


# What a killed run leaves


def test_what_was_about_to_be_said_is_repeated_under_the_same_key(fake, tmp_path):
    link, folder = admitting(fake, {"a.svs": b"data"}), tmp_path / "got"
    folder.mkdir()
    fake.answers.popleft()
    SealedState(link, folder).save(said={"challenge_id": "c-1", "code": "123456"}, key="k-1")
    fake.otherwise = Canned(body=b"data")
    fetched(fake, link, folder)
    assert fake.seen[0].path == "/api/v1/redeem"
    assert fake.seen[0].headers["Idempotency-Key"] == "k-1"


def test_an_answer_that_was_wrong_is_not_given_again_by_the_next_run(fake, tmp_path):
    link, folder = admitting(fake, {"a.svs": b"data"}), tmp_path / "got"
    fake.answers.pop()
    fake.answers.append(Canned(403, b'{"code": "answer_wrong", "detail": "Wrong."}'))
    fake.otherwise = Canned(404, b'{"code": "not_found"}')

    def nobody_else(_needs: str, wrong: str) -> str:
        if wrong:
            raise UsageWrong
        return "000000"

    with pytest.raises(UsageWrong):
        fetch_packet(service(fake), link, folder, nobody_else)
    assert SealedState(link, folder).load() == {}


def test_what_is_left_opens_with_the_link_alone_and_is_told_apart_by_folder(tmp_path):
    link = link_url(f"http://127.0.0.1:1/l#{mint_secret()}")
    other = link_url(f"http://127.0.0.1:1/l#{mint_secret()}")
    state = SealedState(link, tmp_path)
    state.save(token="ts_secret")
    assert state.load() == {"token": "ts_secret"}
    assert b"ts_secret" not in state.path.read_bytes()
    assert SealedState(link, tmp_path / "x").load() == {}
    SealedState(other, tmp_path).path.write_bytes(state.path.read_bytes())
    assert SealedState(other, tmp_path).load() == {}
    assert link.secret not in repr(link)


@pytest.mark.parametrize(
    "text", ["", "https://host.example/l", "https://host.example/l#short", "https://host.example/r#" + "a" * 43,
             "http://host.example/l#" + "a" * 43, "https://host.example/l#" + "a" * 44]
)  # fmt: skip
def test_what_is_no_link_is_refused_without_being_repeated(text):
    with pytest.raises(UsageWrong) as wrong:
        link_url(text)
    assert "aaaa" not in str(wrong.value)
