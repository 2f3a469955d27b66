"""What the READMEs of the earlier systems tell people to type, typed into a shell: only host and port differ.

`$ADMIN_KEY` and `$MANAGEMENT_TOKEN` are the variables that they name, `<project-id>` and the like what the
answer before gave, and `sk-...` is what it is there.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests.running import Relay

ADMIN_KEY = "your-admin-key"
ADDRESS = re.compile(r"http://localhost:(?:8080|18000|11438|8000)")

CREATE_PROJECT = """
curl -X POST http://localhost:8080/manage/projects \\
  -H "Authorization: Bearer $MANAGEMENT_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "My Project", "openai_api_key": "sk-..."}'
"""
RENAME_PROJECT = """
curl -X PATCH http://localhost:8080/manage/projects/<project-id> \\
  -H "Authorization: Bearer $MANAGEMENT_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"name": "New Name"}'
"""
CALL_WITH_A_TOKEN = """
curl -H "Authorization: Bearer <withering-token>" \\
     -H "Content-Type: application/json" \\
     -d '{"model":"gpt-4","messages":[{"role":"user","content":"Hello"}]}' \\
     http://localhost:8080/v1/chat/completions
"""
CREATE_CREDENTIAL = """
export ADMIN_KEY='your-admin-key'

curl -X POST http://localhost:18000/admin/v1/credentials \\
  -H "Authorization: Bearer $ADMIN_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "key": "sk-my-secret-key",
    "name": "Default Key",
    "allowed_models": ["*"],
    "is_enabled": true
  }'
"""
LIST_CREDENTIALS = """
curl http://localhost:18000/admin/v1/credentials \\
  -H "Authorization: Bearer $ADMIN_KEY"
"""
CREATE_LIMITED = """
curl -X POST http://localhost:18000/admin/v1/credentials \\
  -H "Authorization: Bearer $ADMIN_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "key": "sk-limited",
    "name": "Limited Key",
    "rate_limit": 100,
    "is_enabled": true
  }'
"""
CREATE_UNLIMITED = """
curl -X POST http://localhost:18000/admin/v1/credentials \\
  -H "Authorization: Bearer $ADMIN_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "key": "sk-unlimited",
    "name": "Unlimited Key",
    "is_enabled": true
  }'
"""
CALL_WITH_A_CREDENTIAL = """
curl http://localhost:18000/v1/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer $YOUR_CREDENTIAL_KEY" \\
  -d '{
    "model": "gpt-3.5-turbo",
    "messages": [{"role": "user", "content": "Hello!"}]
  }'
"""

CREATE_PROVIDER = """
curl -X POST http://localhost:18000/admin/v1/providers \\
  -H "Authorization: Bearer $ADMIN_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "provider_key": "openai-main",
    "provider_type": "openai",
    "api_base": "https://api.openai.com/v1",
    "api_key": "sk-xxx",
    "model_mapping": {},
    "is_enabled": true
  }'
"""
LIST_PROVIDERS = """
curl http://localhost:18000/admin/v1/providers \\
  -H "Authorization: Bearer $ADMIN_KEY"
"""
GET_PROVIDER = """
curl http://localhost:18000/admin/v1/providers/1 \\
  -H "Authorization: Bearer $ADMIN_KEY"
"""
UPDATE_PROVIDER = """
curl -X PUT http://localhost:18000/admin/v1/providers/1 \\
  -H "Authorization: Bearer $ADMIN_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "api_base": "https://api.openai.com/v1",
    "api_key": "sk-new-key",
    "model_mapping": {"gpt-4": "gpt-4-turbo"},
    "is_enabled": true
  }'
"""
DELETE_PROVIDER = """
curl -X DELETE http://localhost:18000/admin/v1/providers/1 \\
  -H "Authorization: Bearer $ADMIN_KEY"
"""
CHECK_PROVIDER = """
curl -X POST http://localhost:18000/admin/v1/providers/1/health \\
  -H "Authorization: Bearer $ADMIN_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "models": ["gpt-4", "gpt-3.5-turbo"],
    "max_concurrent": 2,
    "timeout_secs": 30
  }'
"""
RELOAD = """
curl -X POST http://localhost:18000/admin/v1/config/reload \\
  -H "Authorization: Bearer $ADMIN_KEY"
"""
VERSION = """
curl http://localhost:18000/admin/v1/config/version \\
  -H "Authorization: Bearer $ADMIN_KEY"
"""
DETAILED = """
curl http://localhost:18000/health/detailed
"""


@dataclass
class Shell:
    relay: Relay
    home: Path

    def type(self, text: str, **variables: str) -> tuple[int, Any]:
        """The status and the object of the answer. Its configuration file tells curl to print the status."""
        self.home.joinpath(".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n%{http_code}"\n')
        here = ADDRESS.sub(self.relay.url, text)
        environ = {"PATH": "/usr/bin:/bin", "CURL_HOME": str(self.home), "ADMIN_KEY": ADMIN_KEY}
        environ |= {"MANAGEMENT_TOKEN": ADMIN_KEY} | variables
        done = subprocess.run(["bash", "-eu", "-c", here], env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body else None


@pytest.fixture(scope="module")
def relay(simulator: Simulator) -> Iterator[Relay]:
    started = Relay(TARGET_BASE_URL=simulator.base_url, MANAGEMENT_TOKEN=None, ADMIN_KEY=ADMIN_KEY)
    try:
        yield started.start()
    finally:
        started.remove()


@pytest.fixture(scope="module")
def shell(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(relay, tmp_path_factory.mktemp("home"))


@pytest.fixture
def manage(relay: Relay) -> Iterator[httpx.Client]:
    """The endpoints that a README lists without an example."""
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with httpx.Client(base_url=relay.url, headers=headers, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def project_id(shell: Shell) -> str:
    status, project = shell.type(CREATE_PROJECT)
    assert (status, project["name"], project["is_active"]) == (201, "My Project", True)
    return project["id"]


def test_a_project_is_created_and_renamed(shell: Shell, project_id: str) -> None:
    status, project = shell.type(RENAME_PROJECT.replace("<project-id>", project_id))
    assert (status, project["name"], project["id"]) == (200, "New Name", project_id)


def test_a_withering_token_is_made_used_and_revoked(
    shell: Shell, project_id: str, manage: httpx.Client
) -> None:
    created = manage.post("/manage/tokens", json={"project_id": project_id, "duration_minutes": 60})
    assert created.status_code == 201
    token = created.json()["token"]
    call = CALL_WITH_A_TOKEN.replace("<withering-token>", token)
    assert shell.type(call)[0] == 200
    assert [row["id"] for row in manage.get(f"/manage/tokens?projectId={project_id}").json()["results"]]
    assert manage.get(f"/manage/tokens/{token}").json()["project_id"] == project_id
    assert manage.delete(f"/manage/tokens/{token}").status_code == 204
    assert manage.get(f"/manage/tokens/{token}").json()["is_active"] is False


def test_projects_are_listed_shown_and_deleted(manage: httpx.Client) -> None:
    made = manage.post("/manage/projects", json={"name": "Short-lived", "api_key": "sk-its-own-key"}).json()
    assert made["id"] in [row["id"] for row in manage.get("/manage/projects").json()["results"]]
    assert manage.get(f"/manage/projects/{made['id']}").json()["api_key_preview"] == "sk-i…"
    assert manage.delete(f"/manage/projects/{made['id']}").status_code == 204
    assert manage.get(f"/manage/projects/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("example", "name", "limit"),
    [
        (CREATE_CREDENTIAL, "Default Key", None),
        (CREATE_LIMITED, "Limited Key", 100),
        (CREATE_UNLIMITED, "Unlimited Key", None),
    ],
)
def test_credentials_are_created_listed_and_used(
    shell: Shell, example: str, name: str, limit: int | None
) -> None:
    status, created = shell.type(example)
    assert status == 201
    credential = created["credential"]
    assert (credential["name"], credential["rate_limit"], credential["is_enabled"]) == (name, limit, True)
    status, listed = shell.type(LIST_CREDENTIALS)
    assert status == 200 and credential["id"] in [row["id"] for row in listed["credentials"]]
    key = re.search(r'"key": "([^"]+)"', example)
    assert key and shell.type(CALL_WITH_A_CREDENTIAL, YOUR_CREDENTIAL_KEY=key[1])[0] == 200


def test_providers_are_created_listed_changed_checked_and_deleted(
    shell: Shell, manage: httpx.Client, simulator: Simulator
) -> None:
    status, created = shell.type(CREATE_PROVIDER)
    assert (status, created["provider"]["provider_key"]) == (201, "openai-main")
    number = str(created["provider"]["id"])
    assert number in [str(row["id"]) for row in shell.type(LIST_PROVIDERS)[1]["providers"]]

    def of_this_one(example: str) -> tuple[int, Any]:
        return shell.type(example.replace("/providers/1", f"/providers/{number}"))

    assert of_this_one(GET_PROVIDER) == (200, created["provider"])
    status, updated = of_this_one(UPDATE_PROVIDER)
    assert (status, updated["provider"]["model_mapping"]) == (200, {"gpt-4": "gpt-4-turbo"})
    manage.patch(f"/manage/providers/{number}", json={"api_base": simulator.base_url})
    status, health = of_this_one(CHECK_PROVIDER)
    assert (status, health["status"], len(health["models"])) == (200, "healthy", 2)
    assert of_this_one(DELETE_PROVIDER) == (204, None)


def test_the_configuration_is_reloaded_and_has_a_version(shell: Shell) -> None:
    status, reloaded = shell.type(RELOAD)
    assert (status, reloaded["providers_count"] >= 1) == (200, True)
    assert shell.type(VERSION)[1]["version"] == reloaded["version"]


def test_the_health_in_detail_needs_no_key_for_a_word(shell: Shell) -> None:
    assert shell.type(DETAILED) == (200, {"status": "ok"})


def test_the_settings_of_the_panel(relay: Relay, manage: httpx.Client) -> None:
    shown = manage.get("/admin/settings").json()
    assert shown["target_api_key_set"] is True
    changed = manage.put("/admin/settings", json={"default_model": "gpt-4o", "http_max_retries": 1}).json()
    assert (changed["default_model"], changed["http_max_retries"]) == ("gpt-4o", 1)
    manage.put("/admin/settings", json={"default_model": "", "http_max_retries": 0})


def test_a_login_opens_the_api_keys(relay: Relay) -> None:
    with httpx.Client(base_url=relay.url, timeout=20) as client:
        given = {"username": "admin", "password": relay.admin_password}
        signed_in = client.post("/admin/login", json=given).json()
        assert signed_in["token_type"] == "bearer"
        client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        created = client.post("/admin/api-keys", json={"name": "from the panel"})
        assert created.status_code == 201
        headers = {"Authorization": f"Bearer {created.json()['full_key']}"}
        assert client.get("/v1/models", headers=headers).status_code == 200
        assert created.json()["id"] in [row["id"] for row in client.get("/admin/api-keys").json()]


def test_the_panel_is_where_the_readme_says(relay: Relay) -> None:
    page = httpx.get(f"{relay.url}/admin/login", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/admin/login/")
    assert httpx.get(f"{relay.url}/docs").status_code == 200
