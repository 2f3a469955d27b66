"""The documentation names what exists, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class
from django.core.management.commands import migrate

from proxy.configuration.provisioning import SETTING_VARIABLES
from relay.environment.routing_variables import ROUTING
from relay.environment.variable import Variable
from relay.environment.variables import GROUPS, TABLE

ROOT = Path(__file__).resolve().parent.parent
OURS = ("accounts", "logs_app", "proxy", "relay")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()
CLI = (ROOT / "docs" / "cli.md").read_text()
OUR_COMMANDS = {name for name, app in get_commands().items() if app in OURS}
SETTINGS = (ROOT / "relay" / "settings.py").read_text()

# Settings that Django itself reads, or that settings.py turns into Django's.
READ_BY_SETTINGS = {
    "ALLOWED_HOSTS",
    "CONFIG_DIR",
    "DATABASE_CONN_MAX_AGE_SECONDS",
    "DATABASE_PATH",
    "DATABASE_URL",
    "DEBUG",
    "EMAIL_FROM",
    "HTTPS_ONLY",
    "HTTP_TIMEOUT_SECONDS",
    "LISTEN_ADDR",
    "LOG_DATABASE_URL",
    "LOG_FILE",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "LOG_MAX_BACKUPS",
    "LOG_MAX_SIZE_MB",
    "PROXY_BASE_URL",
    "SECRET_KEY",
}


def shown(variable: Variable) -> str:
    if variable.default in (None, "", ()):
        return ""
    if isinstance(variable.default, bool):
        return str(variable.default).lower()
    return f"{variable.default:g}" if isinstance(variable.default, float) else str(variable.default)


def row(variable: Variable) -> str:
    """Its line in docs/configuration.md."""
    default = f"`{shown(variable)}`" if shown(variable) else ""
    choices = (
        f" One of {', '.join(f'`{choice}`' for choice in variable.choices)}." if variable.choices else ""
    )
    aliases = ", ".join(f"`{alias}`" for alias in variable.aliases)
    return f"| `{variable.name}` | {default} | {variable.help}{choices} | {aliases} |"


@pytest.mark.parametrize("variable", TABLE.values(), ids=lambda variable: variable.name)
def test_every_variable_has_its_line_in_the_configuration_page(variable: Variable) -> None:
    assert row(variable) in CONFIGURATION.splitlines()


@pytest.mark.parametrize("variable", TABLE.values(), ids=lambda variable: variable.name)
def test_every_variable_stands_commented_with_its_default_in_the_example(variable: Variable) -> None:
    lines = ENV_EXAMPLE.splitlines()
    assert f"#{variable.name}={shown(variable)}" in lines
    assert f"# {variable.help}" in lines[: lines.index(f"#{variable.name}={shown(variable)}")]


def test_the_example_names_no_other_variable() -> None:
    assert re.findall(r"^#?([A-Z][A-Z0-9_]+)=", ENV_EXAMPLE, re.MULTILINE) == list(TABLE)


def test_the_configuration_page_names_no_other_variable() -> None:
    assert re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", CONFIGURATION, re.MULTILINE) == list(TABLE)
    assert re.findall(r"^### (.+)$", CONFIGURATION, re.MULTILINE) == list(GROUPS)


def test_the_configuration_page_says_which_variables_may_come_from_a_file() -> None:
    (named,) = re.findall(
        r"^- Every secret \((.+?)\) may come from a file", CONFIGURATION, re.MULTILINE | re.DOTALL
    )
    assert set(re.findall(r"`(\w+)`", named)) == {each.name for each in TABLE.values() if each.is_secret}


NOT_A_SETTING = {"ENV_FILE", *(variable.name for variable in ROUTING)}
# Copied into the columns of their names, and read from there.
COLUMNS = set(SETTING_VARIABLES)


@pytest.mark.parametrize("name", [name for name in TABLE if name not in NOT_A_SETTING])
def test_every_variable_is_read_by_something(name: str) -> None:
    assert f'_env["{name}"]' in SETTINGS
    if name not in READ_BY_SETTINGS | COLUMNS:
        pattern = re.compile(rf'settings\.{name}\b|"{name}"')
        sources = [path for app in OURS for path in (ROOT / app).rglob("*.py")]
        readers = [
            path for path in sources if path.name not in ("settings.py", "variables.py", "cache_variables.py")
        ]
        assert any(pattern.search(path.read_text()) for path in readers)


@pytest.mark.parametrize("variable", ROUTING, ids=lambda variable: variable.name)
def test_every_variable_of_routing_reaches_the_lane(variable: Variable) -> None:
    assert f"row.{variable.name.lower()}" in (ROOT / "proxy" / "configuration" / "rows.py").read_text()


def test_every_command_is_described() -> None:
    assert set(re.findall(r"^## `manage.py (\w+)", CLI, re.MULTILINE)) == OUR_COMMANDS


@pytest.mark.parametrize("name", sorted(OUR_COMMANDS))
def test_every_option_of_a_command_is_described(name: str) -> None:
    part = CLI.partition(f"## `manage.py {name}`")[2].partition("\n## ")[0]
    options = own_options(name)
    assert options == [option for option in options if f"`{option}" in part]


def own_options(name: str) -> list[str]:
    def options(command: BaseCommand) -> set[str]:
        parser = command.create_parser("manage.py", name)
        return {text for action in parser._actions for text in action.option_strings if text.startswith("--")}

    command = load_command_class(get_commands()[name], name)
    base = migrate.Command if isinstance(command, migrate.Command) else BaseCommand  # ours only adds to it
    return sorted(options(command) - options(base()))


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w.-]+)\)", (ROOT / "docs" / "README.md").read_text()))
    pages = {path.name for path in (ROOT / "docs").iterdir() if path.is_file()} - {"README.md"}
    assert pages - linked == set()


def anchors(page: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    texts = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-") for text in texts}


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_links_into_a_page_lead_to_a_heading(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|mailto:)([^)#]*\.md)?#([^)]+)\)", path.read_text())
    targets = [((path.parent / page) if page else path, anchor) for page, anchor in links]
    assert [anchor for page, anchor in targets if anchor not in anchors(page.read_text())] == []


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / "README.md").read_text()))
    assert named and named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
