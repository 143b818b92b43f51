"""Ways of writing that are refused wherever they stand (A11, the test plan's 4(g)): found in the syntax tree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import MODULES, PACKAGE, named, roots

# Comparing one of these byte by byte tells, by the time it takes, how much of a guess was right.
SECRET_WORD = re.compile(
    r"(^|_)(digest|etag|hash|hmac|mac|md5|passcode|password|secret|sha256|signature|token)s?($|_)",
    re.IGNORECASE,
)
# (module, comparison): why it is no secret. Each is of this text exactly, so that a changed one is looked at anew.
NO_SECRET = {
    ("adapters/s3.py", "_bare(answer['ETag']) != etag"): "an ETag names a version of a sealed object",
    (
        "adapters/s3.py",
        "found.etag != hashlib.md5(data, usedforsecurity=False).hexdigest()",
    ): "an ETag, of sealed bytes",
    ("audit/chain.py", "(size, previous) != (head.size, head.hash)"): "the log is verified by those who may read it",
    ("audit/chain.py", "entry.previous_hash != previous"): "the log is verified by those who may read it",
    ("audit/chain.py", "entry_hash(entry) != entry.hash"): "the log is verified by those who may read it",
    ("pages/staff/links.py", "typed('verification') != Verification.PASSCODE"): "a word of a form",
    ("usecases/staff_tokens.py", "actor.token_id == credential.id"): "an id",
    ("domain/member.py", "self.password_hash == known.password_hash"): "of two readings of what is kept",
    ("client/deposit/compare.py", "digest_of(file) != known['sha256']"): "of a file, by its depositor",
    ("client/deposit/compare.py", "sent.digest == known['sha256']"): "of a file, by its depositor",
    ("client/delivery/download.py", "digest_of(place) == self._wanted.digest"): "of a file, by its recipient",
    ("client/delivery/download.py", "self._digest.hexdigest() == self._wanted.digest"): "of a file, by its recipient",
    ("client/delivery/verify.py", "digest_of(wanted.place) != wanted.digest"): "of a file, by its recipient",
    ("client/deposit/send.py", "closed.get(path) != digest"): "of a file, by its depositor",
    ("client/watch/judge.py", "self._digests.of(file) == known.sha256"): "of a file, by its depositor",
    (
        "domain/form.py",
        "(self.template, self.language, self.template_sha256) == (template.name, template.language, template.sha256)",
    ): "of a template that any member of staff reads",
    ("domain/release.py", "form_sha256 != self.form.sha256"): "of the form that the patient was shown",
    (
        "domain/successor.py",
        "_digest(pair.before) != _digest(pair.after)",
    ): "of two files, for staff of their department",
    ("edge/bodies.py", "len(digest) != _SHA256_BYTES"): "a length",
    ("edge/ranges.py", "condition.strip() != etag"): "an ETag that was sent to the same caller",
    ("sealing/manifest.py", "base64.urlsafe_b64encode(signature).decode('ascii').rstrip('=') != text"): (
        "whether a public signature is written in its one canonical form"
    ),
    ("usecases/deposit.py", "sha256 != (file.declared_sha256 or file.sha256)"): "of a file, by its depositor",
    ("usecases/deposit.py", "sha256 != file.declared_sha256"): "of a file, by its depositor",
    ("usecases/form_templates.py", "template.sha256 != sha256"): "of a template that any member of staff reads",
    ("usecases/paper.py", "document.sha256 != draft.document_sha256"): "of a scan, by staff who can read it",
    ("usecases/receive.py", "(file.declared_sha256 or sha256) != sha256"): "of a file, by its depositor",
    ("usecases/receive.py", "digest.digest() != sha256"): "of a part, by its depositor",
    ("usecases/receive.py", "stream.digest.hexdigest() != (file.declared_sha256 or file.sha256)"): (
        "of a file, by its depositor"
    ),
    ("usecases/verify.py", "stored.etag != intent.parts[0][1]"): "an ETag names a version of a sealed object",
}
WRITTEN_SQL = {  # the databases take no parameters here; the words are the modules' own, and the migrations'
    "connection.exec_driver_sql(f'BEGIN {mode}', execution_options={tenancy.OPTION: 'begins'})",
    "connection.execute(f'PRAGMA {pragma}')",
    "op.execute(f'ALTER TABLE {table} ENABLE ROW LEVEL SECURITY')",
    "op.execute(f'ALTER TABLE {table} FORCE ROW LEVEL SECURITY')",
    "op.execute(f'CREATE POLICY tenant ON {table} USING (organization_id::text = {_NAMED})')",
    "op.execute(f\"CREATE POLICY cross_tenant ON {table} USING ({_NAMED} = '{EVERY}')\")",
    "op.execute(f'DROP POLICY cross_tenant ON {table}')",
    "op.execute(f'DROP POLICY tenant ON {table}')",
    "op.execute(f'UPDATE releases SET secret_hash = {nobodys} WHERE secret_hash IS NULL')",
    "op.execute(f'ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY')",
    "op.execute(f'ALTER TABLE {table} DISABLE ROW LEVEL SECURITY')",
}
NEVER_IMPORTED = {"random", "pickle", "marshal", "shelve", "dill", "yaml", "xml", "telnetlib"}
NEVER_CALLED = {"eval", "exec", "extractall", "utcnow", "utcfromtimestamp", "mktemp"}


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def names_in(node: ast.AST) -> set[str]:
    """The variables and attributes that an expression speaks of."""
    found = {getattr(each, "id", None) or getattr(each, "attr", None) for each in ast.walk(node)}
    return {name for name in found if name}


def is_plain(node: ast.AST) -> bool:
    """None, a truth, or whether something is None or an identity: what such a comparison looks at is one bit."""
    return isinstance(node, ast.Compare) and all(isinstance(op, ast.Is | ast.IsNot | ast.In) for op in node.ops)


def compared_secrets(tree: ast.AST) -> Iterator[str]:
    """Every == and != between things that are called like secrets, as it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [side for side in (node.left, *node.comparators) if not is_plain(side)]
            if any(SECRET_WORD.search(name) for side in sides for name in names_in(side)):
                yield ast.unparse(node)


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", None) or getattr(node.func, "attr", "")


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_secrets_are_compared_in_constant_time(path):
    """By ``sealing.tokens.matches`` or ``hmac.compare_digest``; what is listed above is no secret."""
    found = {(place(path), comparison) for comparison in compared_secrets(ast.parse(path.read_text()))}
    assert found <= set(NO_SECRET)


def test_no_comparison_is_excused_that_is_not_there():
    found = {(place(path), each) for path in MODULES for each in compared_secrets(ast.parse(path.read_text()))}
    assert set(NO_SECRET) <= found


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_draws_guessable_numbers_or_loads_objects_that_run(path):
    assert not NEVER_IMPORTED & roots(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_runs_text_unpacks_archives_or_tells_time_without_a_zone(path):
    assert not NEVER_CALLED & {called(node) for node in calls(ast.parse(path.read_text()))}


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_sql_is_never_put_together_from_text(path):
    """An f-string, ``%``, ``+`` or ``.format`` handed to the database is how an injection begins."""
    for node in calls(ast.parse(path.read_text())):
        if called(node) in {"text", "exec_driver_sql", "literal_column", "execute", "DDL"} and node.args:
            made = [each for each in ast.walk(node.args[0]) if isinstance(each, ast.JoinedStr | ast.BinOp)]
            made += [each for each in calls(node.args[0]) if called(each) == "format"]
            assert not made or ast.unparse(node) in WRITTEN_SQL


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_processes_are_started_in_standalone_and_for_typesetting_alone(path):
    tree = ast.parse(path.read_text())
    starts = roots(tree) & {"subprocess", "multiprocessing", "pty"} or {called(node) for node in calls(tree)} & {
        "system", "popen", "fork", "execv", "execve", "execvp", "posix_spawn"
    }  # fmt: skip
    assert not starts or place(path).startswith(("standalone/", "adapters/typesetting/typst_pdf.py")), starts


@pytest.mark.parametrize(
    "written",
    [
        "token == given",
        "a.secret_hash != b",
        "hmac.digest(k, m) == mac",
        "(1, passcode) == (1, other)",
        "x == session_tokens",
    ],
)
def test_the_rule_of_secrets_sees_them(written):
    assert list(compared_secrets(ast.parse(written)))


@pytest.mark.parametrize("written", ["(a.passcode is None) == (b is None)", "len_of == 5", "tokenizer == monkey"])
def test_the_rule_of_secrets_sees_nothing_else(written):
    assert not list(compared_secrets(ast.parse(written)))
