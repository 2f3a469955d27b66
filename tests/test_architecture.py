"""The conventions that no tool checks, guarded by reading the source."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# An app may import the apps to its right.
APPS = ("relay", "proxy", "logs_app", "accounts")
FORBIDDEN_NAMES = {
    "utils",
    "helpers",
    "services",
    "common",
    "core",
    "manager",
    "managers",
    "handler",
    "handlers",
}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60

# Modules without a test file of their own, and what tests them instead.
TESTED_ELSEWHERE: dict[str, str] = {
    "accounts/apps.py": "names only",
    "accounts/auditchain.py": "the links of test_audit.py",
    "accounts/auditevents.py": "a table: test_audit.py",
    "accounts/auditfile.py": "the file of test_audit.py",
    "accounts/errors.py": "a tree of exceptions: tests/accounts/api/test_errors.py",
    "accounts/management/commands/credential.py": "test_commands.py",
    "accounts/management/commands/project.py": "test_commands.py",
    "accounts/management/commands/token.py": "test_commands.py",
    "accounts/management/commands/verify_audit.py": "test_audit.py",
    "logs_app/apps.py": "names only",
    "logs_app/folding/folded.py": "the result of folding: every test_folding_….py",
    "logs_app/urls.py": "test_api.py",
    "proxy/apps.py": "names only",
    "proxy/files/columns.py": "test_files_comparing.py, test_files_exporting.py",
    "proxy/simulator/running.py": "test_simulate_provider.py, test_simulate_traffic.py",
    "proxy/urls.py": "the tests of the views it names",
    "relay/asgi.py": "every test that starts a server",
    "relay/management/commands/check.py": "test_machines.py",
    "relay/urls.py": "the tests of the views it names",
    "relay/routing_variables.py": "tests/proxy/test_provisioning.py, tests/test_docs.py",
    "relay/variable.py": "test_environment.py, tests/test_docs.py",
    "relay/variables.py": "test_environment.py, tests/test_docs.py",
    "relay/worker.py": "test_serve.py",
}


def modules() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_module = pytest.mark.parametrize("path", list(modules()), ids=name_of)


def imported_by(path: Path) -> Iterator[str]:
    """Absolute names; a relative import is one within its package."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join([*base, *([node.module] if node.module else [])])


@every_module
def test_an_app_imports_only_apps_to_its_right(path: Path) -> None:
    own = APPS.index(path.relative_to(ROOT).parts[0])
    roots = {name.partition(".")[0] for name in imported_by(path)}
    assert roots.isdisjoint(APPS[:own])
    assert "tests" not in roots and "bench" not in roots


@every_module
def test_no_import_hides_in_a_function(path: Path) -> None:
    functions = [
        n
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    hidden = [
        f"{function.name}:{node.lineno}"
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


@every_module
def test_a_module_is_named_by_what_it_is(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert FORBIDDEN_NAMES.isdisjoint(path.relative_to(ROOT).parts)


@every_module
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    functions = [
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [n.name for n in functions if (n.end_lineno or 0) - n.lineno >= LONGEST_FUNCTION] == []


@every_module
def test_a_module_has_its_test_file(path: Path) -> None:
    if path.stem != "__init__" and name_of(path) not in TESTED_ELSEWHERE:
        assert any(candidate.exists() for candidate in mirrors(path))


def mirrors(path: Path) -> list[Path]:
    """Of a/b/c.py: tests/a/b/test_c.py (or parts, test_c_….py), tests/a/test_b_c.py, or tests/a/test_b.py."""
    app, *folders = path.relative_to(ROOT).parts[:-1]
    packages = [folder for folder in folders if folder not in ("management", "commands")]
    tests = ROOT / "tests" / app
    return [
        tests.joinpath(*packages, f"test_{path.stem}.py"),
        tests / f"test_{'_'.join([*packages, path.stem])}.py",
        *tests.joinpath(*packages).glob(f"test_{path.stem}_*.py"),
        *(tests / f"test_{package}.py" for package in packages),
    ]


def test_exceptions_from_the_mirror_are_still_needed() -> None:
    assert [name for name in TESTED_ELSEWHERE if not (ROOT / name).exists()] == []


def test_signals_are_not_used_for_control_flow() -> None:
    using = [name_of(path) for path in modules() if any("dispatch" in name for name in imported_by(path))]
    assert using == []


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a git checkout")
def test_nothing_speaks_of_a_place_outside_the_project() -> None:
    foreign = re.compile(rb"\.\./sh" rb"ared|/wo" rb"rk/|\.lib" rb"rary")
    found = [name_of(path) for path in tracked_files() if foreign.search(path.read_bytes())]
    assert [name for name in found if name != ".ci/run"] == []


def test_nothing_is_left_for_later() -> None:
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert [name_of(path) for path in modules() if mark.search(path.read_text())] == []
