"""Works on Windows by construction: what only POSIX has is not used, and no encoding is taken for granted."""

import ast

import pytest

from tests.test_architecture import PACKAGE, named, roots
from transfer_service.client.long_paths import extended

CLIENT = sorted([*(PACKAGE / "client").rglob("*.py"), *(PACKAGE / "sealing").rglob("*.py"), PACKAGE / "errors.py"])

POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "select", "syslog", "termios", "tty"}
POSIX_NAMES = {
    "O_CLOEXEC", "O_DIRECT", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "O_TMPFILE", "SIGALRM", "SIGCHLD",
    "SIGHUP", "SIGKILL",
    "SIGSTOP", "SIGUSR1", "SIGUSR2", "chown", "fchmod", "fchown", "fork", "forkpty", "geteuid", "getgid", "getuid",
    "killpg", "lchown", "mkfifo", "mknod", "poll", "posix_fadvise", "posix_spawn", "pread", "pwrite", "preadv",
    "sendfile", "setsid", "setuid", "statvfs", "symlink", "sync", "uname", "wait3", "wait4", "waitpid",
}  # fmt: skip


@pytest.mark.parametrize("path", CLIENT, ids=named)
def test_nothing_is_used_that_only_posix_has(path):
    tree = ast.parse(path.read_text())
    assert not POSIX_MODULES & roots(tree)
    assert not POSIX_NAMES & {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("path", [path for path in CLIENT if path.is_relative_to(PACKAGE / "client")], ids=named)
def test_text_is_never_read_or_written_in_whatever_a_system_takes_for_usual(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"read_text", "write_text"}:
                assert len(node.args) > (node.func.attr == "write_text"), ast.unparse(node)
            if node.func.attr == "open" and ast.unparse(node.func) != "os.open":
                assert "b" in ast.unparse(node.args[0]), ast.unparse(node)


@pytest.mark.parametrize(
    ("path", "long"),
    [
        ("C:\\slides\\a.svs", "\\\\?\\C:\\slides\\a.svs"),
        ("\\\\server\\share\\a.svs", "\\\\?\\UNC\\server\\share\\a.svs"),
        ("\\\\?\\C:\\slides", "\\\\?\\C:\\slides"),
    ],
)
def test_windows_is_told_of_long_paths_in_the_form_that_it_takes(path, long):
    assert extended(path) == long
