"""Connections that break off in the middle of a part."""

import json
import socket
import struct

from tests.edge.anywhere import is_closed, read_answer
from tests.journey.hospital import API, File, code_of
from tests.standalone_process import Standalone, eventually

PUT_PART = "/api/v1/packets/<id:packet_id>/files/<id:file_id>/parts/<part_number:number>"


def reset(connection: socket.socket) -> None:
    """Let it end with a RST, as a machine's that crashed, once it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def parts_refused(installation: Standalone) -> int:
    """How many requests that sent a part have ended in a refusal."""
    lines = [json.loads(line) for line in installation.log("serve").splitlines() if line.endswith("}")]
    return sum(line.get("route") == PUT_PART and line["status"] == 400 for line in lines)


def cut(file: File, number: int, sent: int, how: str) -> None:
    """Send so much of a part's body, and break off; return once the service is done with it."""
    before = parts_refused(file.caller.installation)
    request = file.caller.raw("PUT", f"{API}{file.url}/parts/{number}", body=file.part(number))
    with file.caller.connected() as connection:
        connection.sendall(request[: len(request) - len(file.part(number)) + sent])
        if how == "FIN":
            connection.shutdown(socket.SHUT_WR)
            assert code_of(read_answer(connection)) == (400, "body_incomplete")
            assert is_closed(connection)
        else:
            reset(connection)
    assert eventually(lambda: parts_refused(file.caller.installation) == before + 1)
