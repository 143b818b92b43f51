"""Whether a MIRAX slide is whole: its .mrxs, its Slidedat.ini, and every file that this names.

The format is 3DHISTECH's own; what Slidedat.ini holds is described at https://openslide.org/formats/mirax/.
"""

import configparser
from typing import Final

from transfer_service.client.deposit.paths import path_identity
from transfer_service.client.deposit.scan import LocalFile
from transfer_service.client.watch.slides import Slide

_MOST_BYTES: Final = 8 * 1024 * 1024
_MOST_FILES: Final = 100_000
_BROKEN: Final = "its Slidedat.ini does not say which files it has"


def why_not_whole(slide: Slide) -> str:
    """What of it is not there yet; empty where it is whole."""
    here = {path_identity(file.path): file for file in slide.files}
    folder = slide.name.rpartition(".")[0]
    if path_identity(slide.name) not in here:
        return "its .mrxs is not there yet"
    if len(here) == 1:
        return "its folder is not there yet"
    index = here.get(path_identity(f"{folder}/Slidedat.ini"))
    if index is None:
        return "its Slidedat.ini is not there yet"
    named = _named_in(index)
    if not named:
        return _BROKEN
    lacking = [name for name in named if path_identity(f"{folder}/{name}") not in here]
    return f"{lacking[0]}, which its Slidedat.ini names, is not there yet" if lacking else ""


def _named_in(index: LocalFile) -> list[str]:
    """The names of its files; none where that can't be read."""
    try:
        with index.place.open("rb") as stream:
            return _named(_text(stream.read(_MOST_BYTES)))
    except (OSError, ValueError, KeyError, configparser.Error):
        return []


def _named(text: str) -> list[str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True, delimiters=("=",))
    parser.read_string(text)
    sections = {name.strip().upper(): parser[name] for name in parser.sections()}
    data = sections["DATAFILE"]
    count = int(data["FILE_COUNT"])
    if not 0 < count <= _MOST_FILES:
        raise ValueError
    return [sections["HIERARCHICAL"]["INDEXFILE"], *(data[f"FILE_{number}"] for number in range(count))]


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", "replace")
