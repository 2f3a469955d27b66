"""The conventions that no tool checks, guarded by reading the source."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
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
    "accounts/templatetags/console.py": "test_admin_drawing.py",
    "accounts/apps.py": "names only",
    "accounts/audit/chain.py": "the links of test_audit.py",
    "accounts/audit/events.py": "a table: test_audit.py",
    "accounts/audit/jsonlines.py": "the file of test_audit.py",
    "accounts/configversion.py": "tables: test_changes.py",
    "accounts/errors.py": "a tree of exceptions: tests/accounts/api/test_errors.py",
    "accounts/management/commands/credential.py": "test_commandline.py",
    "accounts/management/commands/project.py": "test_commandline.py",
    "accounts/management/commands/token.py": "test_commandline.py",
    "accounts/management/commands/verify_audit.py": "test_audit.py",
    "logs_app/apps.py": "names only",
    "logs_app/folding/folded.py": "the result of folding: every test_folding_….py",
    "logs_app/management/commands/dispatcher.py": "test_dispatch.py",
    "logs_app/urls.py": "test_api.py",
    "proxy/apps.py": "names only",
    "proxy/delivery/bodies.py": "test_delivery.py",
    "proxy/files/columns.py": "test_files_comparing.py, test_files_exporting.py",
    "proxy/simulator/running.py": "test_simulate_provider.py, test_simulate_traffic.py",
    "proxy/urls.py": "the tests of the views it names",
    "relay/apps.py": "names only: test_site.py",
    "relay/apidescription.py": "test_openapi.py",
    "relay/asgi.py": "every test that starts a server",
    "relay/environment/cache_variables.py": "tests/test_docs.py",
    "relay/management/commands/check.py": "test_health_sharedlimits.py",
    "relay/navigation.py": "a table: test_site.py",
    "relay/urls.py": "the tests of the views it names",
    "relay/environment/routing_variables.py": "proxy/test_configuration_provisioning.py, tests/test_docs.py",
    "relay/environment/variable.py": "test_environment.py, tests/test_docs.py",
    "relay/environment/variables.py": "test_environment.py, tests/test_docs.py",
    "relay/worker.py": "test_serve.py",
}


@cache
def modules() -> list[Path]:
    found = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def violators(is_violated: Callable[[Path], object]) -> list[str]:
    return [name_of(path) for path in modules() if is_violated(path)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(tree_of(path))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@cache
def imported_by(path: Path) -> list[str]:
    """Absolute names; a relative import is one within its package."""
    package = path.relative_to(ROOT).parent.parts
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            found.append(".".join([*base, *([node.module] if node.module else [])]))
    return found


def test_an_app_imports_only_apps_to_its_right() -> None:
    def looks_left(path: Path) -> bool:
        own = APPS.index(path.relative_to(ROOT).parts[0])
        roots = {name.partition(".")[0] for name in imported_by(path)}
        return not roots.isdisjoint({*APPS[:own], "tests", "bench"})

    assert violators(looks_left) == []


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{name_of(path)}:{node.lineno} in {function.name}"
        for path in modules()
        for function in functions_of(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_clients_of_redis_are_made_in_one_place() -> None:
    makes_one = re.compile(r"\bRedis\(|\.from_url\(")
    assert violators(lambda path: makes_one.search(path.read_text())) == ["accounts/redisclient.py"]


def test_settings_are_read_when_they_are_asked_for() -> None:
    """What a module kept of them at its import would not be the settings of a test, nor of a process that
    begins as a copy of another (tests/warm.py). BASE_DIR is the same for all.
    """

    def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from outside_functions(child)

    kept = [
        f"{name_of(path)}:{node.lineno} {node.attr}"
        for path in modules()
        for node in outside_functions(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id == "settings" and node.attr.isupper() and node.attr != "BASE_DIR"
    ]
    assert kept == []


def test_a_module_is_named_by_what_it_is() -> None:
    def has_a_name_of_nothing(path: Path) -> bool:
        return not FORBIDDEN_NAMES.isdisjoint((path.stem, *path.relative_to(ROOT).parts))

    assert violators(has_a_name_of_nothing) == []


def test_files_stay_readable() -> None:
    assert violators(lambda path: path.read_text().count("\n") > LONGEST_FILE) == []


def test_functions_stay_readable() -> None:
    long = [
        f"{name_of(path)}:{function.lineno} {function.name}"
        for path in modules()
        for function in functions_of(path)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_a_module_has_its_test_file() -> None:
    def is_untested(path: Path) -> bool:
        is_exempt = path.stem == "__init__" or name_of(path) in TESTED_ELSEWHERE
        return not is_exempt and not any(candidate.exists() for candidate in mirrors(path))

    assert violators(is_untested) == []


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
    signals = ("django.dispatch", "signals")
    using = [
        name_of(path)
        for path in modules()
        if any(each in name for name in imported_by(path) for each in signals)
    ]
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
