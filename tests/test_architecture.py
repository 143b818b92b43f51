"""What import-linter's contracts can't see: how modules are written, and what hides from an import graph."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from transfer_service import standalone

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "transfer_service"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 300
LONGER = {  # module: at most how many lines, and why
    "app.py": (330, "the one place where everything is joined"),
    "adapters/database/tables.py": (640, "declarations alone: the schema on one page"),
    "adapters/database/migrations/versions/0001_first_tables.py": (
        1000,
        "what a revision did stays as it was, every column of it",
    ),
    "errors.py": (480, "the whole error tree, on one page"),
    "edge/gateway_worker.py": (315, "overrides of one class of gunicorn's, which are read side by side"),
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "managers", "misc"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def roots(tree: ast.AST) -> set[str]:
    """The top-level packages that a module imports."""
    names = [alias.name for node in imports(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in imports(tree) if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def test_the_contracts_of_the_layers_are_kept():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_short_and_says_what_it_is_by_its_name(path):
    place = path.relative_to(PACKAGE)
    most, _ = LONGER.get(place.as_posix(), (MOST_LINES, ""))
    assert len(path.read_text().splitlines()) <= most
    assert not VAGUE & {*place.with_suffix("").parts}


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_imports_at_its_top_and_nothing_in_hiding(path):
    tree = ast.parse(path.read_text())
    assert [node.lineno for node in imports(tree)] == [
        node.lineno for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ], "an import stands in a function, a class or a condition"
    assert not [node for node in imports(tree) if isinstance(node, ast.ImportFrom) and node.level]
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not words & {"TYPE_CHECKING", "__import__"}
    assert "importlib" not in roots(tree)


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").rglob("*.py")), ids=named)
def test_the_domain_needs_nothing_but_python(path):
    assert roots(ast.parse(path.read_text())) <= {*sys.stdlib_module_names, "transfer_service"}


def test_the_tether_is_a_script_that_needs_nothing_but_python():
    path = Path(standalone.__file__).with_name("tether.py")
    assert roots(ast.parse(path.read_text())) <= sys.stdlib_module_names


def test_errors_know_no_web_and_no_cloud():
    words = (PACKAGE / "errors.py").read_text().lower()
    assert not [word for word in ("http", "aws", "boto", "flask", "404") if word in words]
