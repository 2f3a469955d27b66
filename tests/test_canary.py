"""Secrets planted in every way there is, and looked for in everything that is stored, printed and answered.

A secret may be in the one answer that created it, and nowhere else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests import managing
from tests.running import Relay

CANARIES = {
    name: f"{prefix}canary-7Hq2Zr9T-of-the-{name}"
    for name, prefix in {
        "client": "sk-", "upstream": "sk-", "management": "mt-", "admin": "pw-", "provider": "sk-",
        "project": "sk-", "alias": "sk-", "chosen": "sk-", "form": "sk-", "command": "sk-", "file": "sk-",
        "person": "pw-", "guess": "pw-", "bearer": "mt-", "stranger": "sk-", "lost": "sk-", "broken": "sk-",
        "cut": "sk-",
    }.items()
}  # fmt: skip
# All payloads, as they are shown to people.
DUMP = """
from django.apps import apps
from logs_app.presentation import presentation as shown
from logs_app.models import LogPayload
for model in apps.get_models():
    for row in model.objects.values():
        print(row)
for payload in LogPayload.objects.all():
    print(shown.headers(payload.request_headers), shown.request_body(payload))
    print(shown.headers(payload.response_headers), shown.response_body(payload), shown.response_raw(payload))
"""


class Witness:
    """Speaks to the relay and keeps what it heard."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.heard: list[str] = []
        self._client = httpx.Client(base_url=relay.url, timeout=30)

    def ask(self, method: str, path: str, bearer: str | None = CANARIES["management"], **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = self._client.request(method, path, headers=headers | options.pop("headers", {}), **options)
        self._hear(answer)
        return answer

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """A form of the admin, in the session of the cookies so far."""
        if "relay_csrf" not in self._client.cookies:
            self._hear(self._client.get("/admin/login/"))
        fields["csrfmiddlewaretoken"] = self._client.cookies["relay_csrf"]
        answer = self._client.post(path, data=fields)
        self._hear(answer)
        return answer

    def close(self) -> None:
        self._client.close()

    def command(self, *arguments: str, typed: str = "") -> str:
        done = managing.run(arguments, self.relay.environ, typed)
        self.heard.append(done.stdout + done.stderr)
        return done.stdout

    def _hear(self, answer: httpx.Response) -> None:
        self.heard.append(f"{answer.request.method} {answer.status_code}\n{answer.headers}\n{answer.text}")


@pytest.fixture
def witness(start_relay: Callable[..., Relay], simulator: Simulator) -> Iterator[Witness]:
    relay = start_relay(
        DATABASE_URL="",
        LOG_LEVEL="debug",
        TARGET_BASE_URL=simulator.base_url,
        PROXY_KEY=CANARIES["client"],
        MANAGEMENT_TOKEN=CANARIES["management"],
        ADMIN_PASSWORD=CANARIES["admin"],
        TARGET_API_KEY=CANARIES["upstream"],
    )
    with closing(Witness(relay)) as witness:
        yield witness


def through_the_api(witness: Witness) -> dict[str, str]:
    """Secrets that were generated, by name."""
    ask = witness.ask
    project = ask(
        "POST", "/manage/projects", json={"name": "a", "openai_api_key": CANARIES["project"]}
    ).json()
    ask("PATCH", f"/manage/projects/{project['id']}", json={"api_key": CANARIES["project"]})
    ask("POST", "/manage/projects", json={"name": "a", "openai_api_key": CANARIES["project"]})
    ask("POST", "/manage/projects", json={"name": "b", "api_key": CANARIES["cut"] + "..."})
    ask("POST", "/manage/projects", content=b'{"name": "c", "api_key": "' + CANARIES["broken"].encode())
    token = ask("POST", "/manage/tokens", json={"project_id": project["id"], "duration_hours": 1}).json()
    rotated = ask("POST", f"/manage/tokens/{token['id']}/rotate", json={"grace": "1h"}).json()
    ask("GET", f"/manage/tokens/{rotated['token']}")
    for method in ("GET", "PATCH", "DELETE"):
        ask(method, f"/manage/tokens/{CANARIES['lost']}")
        ask(method, f"/manage/tokens/{CANARIES['lost']}", bearer=CANARIES["bearer"])
    ask("POST", "/manage/credentials", json={"name": "chosen", "key": CANARIES["chosen"]})
    ask("POST", "/manage/credentials", json={"name": "again", "key": CANARIES["chosen"]})
    generated = ask("POST", "/manage/credentials", json={"name": "generated"}).json()
    alias = ask("POST", "/admin/api-keys", json={"name": "full"}).json()
    ask("GET", "/manage/projects", bearer=CANARIES["bearer"])
    given = {"username": "admin", "password": CANARIES["admin"]}
    ask("POST", "/admin/login", bearer=None, json=given | {"password": CANARIES["guess"]})
    ask("POST", "/admin/login", bearer=None, json={"username": CANARIES["guess"], "password": "x"})
    session = ask("POST", "/admin/login", bearer=None, json=given).json()
    ask("GET", "/manage/projects", bearer=session["access_token"])
    return {
        "token": token["token"],
        "rotated": rotated["token"],
        "generated": generated["key"],
        "full": alias["full_key"],
        "access": session["access_token"],
        "refresh": session["refresh_token"],
    }


def through_the_admin(witness: Witness) -> None:
    submit = witness.submit
    submit("/admin/login/", username="admin", password=CANARIES["guess"])
    assert submit("/admin/login/", username="admin", password=CANARIES["admin"]).status_code == 302
    provider = {"provider_key": "default", "provider_type": "openai", "is_enabled": "on"}
    provider |= {"weight": "1", "priority": "0", "supports_streaming": "on"}
    base = {"api_base": witness.relay.environ["TARGET_BASE_URL"], "new_api_key": CANARIES["provider"]}
    assert submit("/admin/proxy/provider/1/change/", **provider, **base).status_code == 302
    submit("/admin/accounts/credential/add/", name="form", is_enabled="on", secret=CANARIES["form"])
    person = {"username": "grace", "password1": CANARIES["person"], "password2": CANARIES["person"]}
    assert submit("/admin/auth/user/add/", **person, usable_password="true").status_code == 302


def through_commands(witness: Witness) -> dict[str, str]:
    command = witness.command
    made = json.loads(command("project", "create", "--name", "p", "--api-key", CANARIES["command"], "--json"))
    command("credential", "create", "--name", "f", "--key-file", "-", typed=CANARIES["file"])
    printed = json.loads(command("token", "generate", "--project-id", made["id"], "--json"))
    return {"printed": printed["token"], "renewed": command("rotate_keys", "credential", "generated").strip()}


def through_calls(witness: Witness, generated: dict[str, str]) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    secrets = [CANARIES["client"], CANARIES["chosen"], CANARIES["stranger"], *generated.values()]
    for secret in secrets:
        for headers in ({"Authorization": f"Bearer {secret}"}, {"x-api-key": secret}, {"api-key": secret}):
            witness.ask("POST", "/v1/chat/completions", bearer=None, headers=headers, json=body)
    status = witness.ask("POST", "/v1/chat/completions", bearer=CANARIES["client"], json=body).status_code
    assert status == 200
    stream = {**body, "stream": True}
    witness.ask("POST", "/v1/chat/completions", bearer=generated["rotated"], json=stream)
    witness.ask("POST", "/v1/chat/completions", bearer=CANARIES["client"], content=b"{broken")
    for path in ("/v1/relay/key", "/v1/relay/usage", "/v1/models"):
        witness.ask("GET", path, bearer=CANARIES["client"])


def look_at_everything(witness: Witness) -> None:
    for path in ("projects", "tokens", "credentials", "audit"):
        rows = witness.ask("GET", f"/manage/{path}?page_size=200").json()["results"]
        for row in rows[:60]:
            witness.ask("GET", f"/manage/{path}/{row['id']}")
    for path in ("/admin/v1/credentials", "/admin/api-keys", "/openapi.json", "/health/detailed", "/nowhere"):
        witness.ask("GET", path)
    seen: set[str] = set()
    pages = ["/admin/"]
    while pages and len(seen) < 150:
        page = pages.pop(0)
        seen.add(page)
        text = witness.ask("GET", page, bearer=None).text
        found = re.findall(r'href="(/admin/[\w/-]+/)"', text)
        pages += [one for one in dict.fromkeys(found) if one not in seen | {*pages, "/admin/logout/"}]
    assert len(seen) > 30


def stored(relay: Relay) -> Iterator[tuple[str, str]]:
    for path in sorted(relay.data_dir.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes().decode("latin-1")
    done = managing.run([], relay.environ, code=DUMP)
    assert "hello" in done.stdout
    yield "the tables", done.stdout


def spellings(secret: str) -> tuple[str, ...]:
    return secret, base64.b64encode(secret.encode()).decode().rstrip("="), secret.encode().hex()


@pytest.mark.timeout(300)
def test_no_secret_is_anywhere_but_in_the_answer_that_made_it(witness: Witness) -> None:
    generated = through_the_api(witness)
    through_the_admin(witness)
    generated |= through_commands(witness)
    through_calls(witness, generated)
    look_at_everything(witness)
    running = list(stored(witness.relay))
    assert witness.relay.stop() == 0
    found = []
    kept = [*running, *stored(witness.relay)]
    for name, secret in (CANARIES | generated).items():
        places = [where for where, text in kept if _has(text, secret)]
        answers = [text for text in witness.heard if _has(text, secret)]
        # `form` was chosen on a page of the admin, which shows it once more to be copied.
        allowed = 1 if name in generated or name == "form" else 0
        if places or len(answers) > allowed:
            found.append(f"{name}: {sorted(set(places))} {[text[:60] for text in answers]}")
    assert not found, "\n".join(found)


def _has(text: str, secret: str) -> bool:
    return any(spelling in text for spelling in spellings(secret))
