"""`manage.py project`, `token` and `credential` as a person types them: here, and on another relay."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import load_command_class

from accounts.models import Project
from tests import templates
from tests.managing import Done, Manage
from tests.running import Relay

CHOSEN = "sk-chosen-by-its-owner-0123456789"
UPSTREAM = "sk-upstream-of-the-shop-0123456789"


class Shell:
    """Runs manage.py; `flags` follow every command."""

    def __init__(self, manage: Manage, *flags: str) -> None:
        self._manage = manage
        self._flags = flags

    def run(self, *arguments: str, typed: str = "") -> Done:
        done = self._manage.run(*arguments, *self._flags, typed=typed)
        assert "Traceback" not in done.stderr + done.stdout
        return done

    def read(self, *arguments: str, typed: str = "") -> Any:
        done = self.run(*arguments, "--json", typed=typed)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    def refused(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: Any) -> dict[str, str]:
    """A data folder with a prepared database, and no relay that runs on it."""
    folder = tmp_path_factory.mktemp("data")
    templates.copy_sqlite(folder / "relay.db")
    return os.environ | {"DATA_DIR": str(folder), "ENV_FILE": os.devnull, "DATABASE_URL": ""}


@pytest.fixture(scope="module")
def here(home: dict[str, str]) -> Shell:
    return Shell(Manage(home))


@pytest.fixture(scope="module")
def elsewhere(home: dict[str, str], relay_server: Relay) -> Shell:
    """The same machine, acting on a relay that has another database."""
    at = {"MANAGEMENT_TOKEN": relay_server.management_token, "MANAGE_API_BASE_URL": relay_server.url}
    return Shell(Manage(home | at))


@pytest.fixture(params=["here", "elsewhere"])
def shell(request: Any) -> Shell:
    return request.getfixturevalue(request.param)


def test_the_life_of_a_project(shell: Shell) -> None:
    made = shell.read("project", "create", "--name", "Shop", "--openai-key-file", "-", typed=f"{UPSTREAM}\n")
    assert made["api_key_preview"] and UPSTREAM not in str(made)
    id = made["id"]
    changed = shell.read(
        "project",
        "update",
        id,
        "--rate-limit",
        "5",
        "--allowed-models",
        "gpt-4o*",
        "o3",
        "--is-active",
        "false",
    )
    assert (changed["rate_limit"], changed["is_active"]) == (5, False)
    assert changed["allowed_models"] == ["gpt-4o*", "o3"]
    cleared = shell.read("project", "update", id, "--rate-limit", "none", "--allowed-models")
    assert (cleared["rate_limit"], cleared["allowed_models"], cleared["name"]) == (None, [], "Shop")
    assert shell.read("project", "update", id, "--redact-logs", "true")["redact_logs"] is True
    assert shell.read("project", "update", id, "--redact-logs", "none")["redact_logs"] is None
    assert shell.read("project", "get", id)["is_active"] is False
    assert [row["id"] for row in shell.read("project", "list", "--search", "Shop")] == [id]
    assert "A project has this name already" in shell.refused("project", "create", "--name", "Shop")
    assert shell.run("project", "delete", id).stdout == f"The project {id} is deleted.\n"
    assert "There is no such project." in shell.refused("project", "get", id)


def test_the_life_of_a_token(shell: Shell) -> None:
    project = shell.read("project", "create", "--name", "Tokens")["id"]
    flags = ["--project-id", project, "--duration", "24", "--max-requests", "3", "--name", "for the tour"]
    made = shell.read("token", "generate", *flags)
    assert made["max_requests"] == 3 and made["token"].startswith("sk-")
    (listed,) = shell.read("token", "list", "--project-id", "Tokens")
    assert listed["project_name"] == "Tokens"
    assert listed["id"] == made["id"] and "token" not in listed
    rotated = shell.read("token", "rotate", made["id"], "--grace", "1h")
    assert rotated["token"] != made["token"]
    assert shell.read("token", "get", rotated["token"])["id"] == made["id"]
    assert shell.read("token", "get", "-", typed=f"{made['token']}\n")["id"] == made["id"]
    assert shell.read("token", "update", "for the tour", "--max-requests", "5")["max_requests"] == 5
    words = f"The token for the tour, {rotated['prefix']} is revoked."
    assert shell.read("token", "revoke", made["id"]) == {"message": words}
    assert shell.read("token", "get", made["id"])["status"] == "revoked"
    minutes = shell.read("token", "generate", "--project-id", project, "--duration-minutes", "5")
    assert minutes["expires_at"] < made["expires_at"]
    assert shell.read("project", "revoke-tokens", project)["revoked_count"] == 1


def test_the_life_of_a_credential(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(CHOSEN)
    made = shell.read("credential", "create", "--name", "App", "--key-file", str(tmp_path / "key"))
    assert CHOSEN.startswith(made["prefix"].rstrip("…")) and CHOSEN not in str(made)
    id = str(made["id"])
    assert shell.read("credential", "update", id, "--is-enabled", "false")["status"] == "disabled"
    assert shell.read("credential", "rotate", "App")["key"].startswith("sk-")
    assert id in [str(row["id"]) for row in shell.read("credential", "list")]
    assert shell.read("credential", "delete", id) == {"message": f"The credential {id} is deleted."}


def typed(capsys: Any, name: str, *arguments: str) -> tuple[int, str, str]:
    """The same in this process, on the database of the tests: exit code, output, errors."""
    command = load_command_class("accounts", name)
    try:
        command.run_from_argv(["manage.py", name, *arguments])
        code: Any = 0
    except SystemExit as end:
        code = end.code
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.django_db(transaction=True)
def test_for_people_there_are_tables(capsys: Any) -> None:
    made = Project.objects.create(name="Table")
    head, row = typed(capsys, "project", "list")[1].splitlines()
    assert head.split() == ["id", "name", "is_active", "api_key_preview", "created_at"]
    assert row.split()[:4] == [str(made.pk), "Table", "true", "-"]
    assert typed(capsys, "token", "list")[1] == "There is no token.\n"
    assert "\nrate_limit              -\n" in typed(capsys, "project", "get", str(made.pk))[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["project"], "required: ACTION"),
        (["project", "paint"], "invalid choice: 'paint'"),
        (["project", "create"], "required: --name"),
        (["project", "update", "1", "--is-active", "perhaps"], "'perhaps' is neither true nor false"),
        (["token", "generate", "--project-id", "1", "--duration", "soon"], "invalid int value: 'soon'"),
        (
            ["token", "generate", "--project-id", "1", "--duration", "1", "--duration-minutes", "2"],
            "not allowed with",
        ),
        (["credential", "create", "--name", "a", "--key", "b", "--key-file", "c"], "not allowed with"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_command_line_that_makes_no_sense_ends_with_2(
    capsys: Any, arguments: list[str], words: str
) -> None:
    code, out, err = typed(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["token", "generate", "--project-id", "nope"], "There is no such project."),
        (["project", "get", "../tokens"], "There is no such project"),
        (["token", "revoke", "0190a1b2-0000-7000-8000-000000000001"], "There is no such token."),
        (["token", "get", "sk-nobody"], "What is known of a secret is searched for in the list"),
        (["credential", "rotate", "999999", "--grace", "soon"], "a number with a unit: 30m, 24h, 7d"),
        (
            ["credential", "create", "--name", "b", "--key-file", "/nowhere/key"],
            "/nowhere/key cannot be read",
        ),
        (["project", "create", "--name", "Keys", "--openai-key", "sk-abc...xyz"], "preview"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_is_refused_ends_with_1_and_says_why(capsys: Any, arguments: list[str], words: str) -> None:
    code, out, err = typed(capsys, *arguments)
    assert (code, out) == (1, "")
    assert words in err


def test_a_database_that_was_never_prepared_is_said(home: dict[str, str], tmp_path: Path) -> None:
    said = Shell(Manage(home | {"DATABASE_PATH": str(tmp_path / "new.db")})).refused("project", "list")
    assert "The database cannot be used: no such table" in said and "manage.py migrate" in said


def test_a_database_server_that_is_away_is_said(home: dict[str, str], unused_tcp_port: int) -> None:
    url = f"postgresql://relay:hidden-word@127.0.0.1:{unused_tcp_port}/relay"
    said = Shell(Manage(home | {"DATABASE_URL": url})).refused("project", "list")
    assert "The database cannot be used: connection" in said and "hidden-word" not in said


def test_a_wrong_management_token_is_said(here: Shell, relay_server: Relay) -> None:
    wrong = ("--manage-api-base-url", relay_server.url, "--management-token", "wrong")
    said = here.refused("token", "list", *wrong)
    assert f"{relay_server.url} refused the management token: The management token is wrong." in said


def test_a_remote_relay_notes_where_the_change_came_from(elsewhere: Shell, relay_server: Relay) -> None:
    id = elsewhere.read("project", "create", "--name", "Far")["id"]
    bearer = {"Authorization": f"Bearer {relay_server.management_token}"}
    answer = httpx.get(f"{relay_server.url}/manage/audit?target_id={id}", headers=bearer).json()
    (event,) = answer["results"]
    assert (event["actor_kind"], event["client_ip"]) == ("token", "127.0.0.1")


def test_help_warns_of_secrets_on_the_command_line(capsys: Any) -> None:
    code, out, err = typed(capsys, "credential", "create", "--help")
    assert (code, err) == (0, "")
    assert "--key-file FILE" in out
    assert "Others on this machine can read command lines" in " ".join(out.split())
