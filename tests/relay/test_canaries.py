"""Secrets that were given to a relay, looked for everywhere it keeps or shows something."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest

from proxy.simulator import Simulator
from tests.relay.shop import Shop, ask, ask_badly, make_token, manage
from tests.running import ADMIN_PASSWORD, MANAGEMENT_TOKEN, PROXY_KEY, Relay
from tests.waiting import until

PROVIDER_KEY = "sk-canary-of-the-provider-1c2d3e"
PROJECT_KEY = "sk-canary-of-the-project-4f5a6b"
CHOSEN = "canary-chosen-secret-7c8d9e0f1a2b"
WRONG = "sk-canary-of-somebody-else-3b4c5d"
# They have to be somewhere, readable by the owner only; and the output shows what was planted nowhere else.
SECRET_FILES = {"encryption_key", "secret_key", "management_token"}
EVERYTHING = """
import zstandard
from django.apps import apps
from logs_app import payloads
texts = []
for model in apps.get_models():
    for row in model.objects.values():
        texts.append(repr(row))
        for value in row.values():
            if isinstance(value, (bytes, memoryview)) and bytes(value[:4]) == zstandard.FRAME_HEADER:
                texts.append(repr(payloads.unpack(bytes(value))))
result = "\\n".join(texts)
"""
PLANT = f"""
project = Project.objects.create(name="canary", upstream_key="{PROJECT_KEY}")
token, secret = tokens.create(project, me, lifetime={{}})
credential = Credential(name="chosen", project=project)
issuing.issue(credential, "{CHOSEN}")
credential.save()
Provider.objects.update(api_key="{PROVIDER_KEY}")
result = {{"token": secret, "id": token.pk, "project": project.pk, "credential": credential.pk}}
"""


@pytest.fixture(scope="module")
def shop(simulator: Simulator) -> Iterator[Shop]:
    started = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    try:
        opened = Shop(started.start())
        yield opened
        opened.close()
    finally:
        started.remove()


@pytest.fixture(scope="module")
def planted(shop: Shop) -> dict[str, str]:
    """Every kind of secret, used in every way there is."""
    made = shop.tell(PLANT)
    made["rotated"] = manage(shop, "rotate_keys", "token", made["id"], "--grace", "1h").strip()
    shared = make_token(shop, "shared")["secret"]
    for secret in (made["token"], made["rotated"], CHOSEN, shared, PROXY_KEY):
        assert ask(shop, secret).status_code == 200
        assert ask_badly(shop, secret).status_code == 400
    assert ask(shop, WRONG).status_code == 401
    headers = {"x-api-key": CHOSEN, "api-key": WRONG, "cookie": f"key={CHOSEN}"}
    assert httpx.get(f"{shop.relay.base_url}/models", headers=headers).status_code == 200
    until(lambda: shop.tell("result = LogRecord.objects.filter(outcome='completed').count()") >= 6)
    made["shared"] = shared
    return made


def secrets(planted: dict[str, str]) -> list[str]:
    own = [planted[name] for name in ("token", "rotated", "shared")]
    return [*own, PROVIDER_KEY, PROJECT_KEY, CHOSEN, WRONG, PROXY_KEY, MANAGEMENT_TOKEN, ADMIN_PASSWORD]


def seen_in(text: str, planted: dict[str, str]) -> list[str]:
    return [secret for secret in secrets(planted) if secret in text]


def test_no_file_of_the_relay_holds_a_secret(shop: Shop, planted: dict[str, str]) -> None:
    time.sleep(0.5)
    folder = shop.relay.data_dir
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in SECRET_FILES]
    names = {path.name for path in files}
    assert "serve.out" in names and any(name.endswith(".seg") for name in names)
    found = {path.name: seen_in(path.read_bytes().decode("latin-1"), planted) for path in files}
    assert {name: leaked for name, leaked in found.items() if leaked} == {}


def test_no_row_of_the_database_holds_a_secret(shop: Shop, planted: dict[str, str]) -> None:
    everything = shop.tell(EVERYTHING)
    assert "canary" in everything and "chat/completions" in everything
    assert seen_in(everything, planted) == []


def test_no_page_of_the_admin_shows_a_secret(shop: Shop, planted: dict[str, str]) -> None:
    changes = (
        f"accounts/project/{planted['project']}/",
        f"accounts/credential/{planted['credential']}/",
        f"accounts/witheringtoken/{planted['id']}/",
        "proxy/provider/1/",
    )
    with httpx.Client(base_url=f"{shop.relay.url}/admin/", follow_redirects=True) as browser:
        login = browser.get("login/").text
        csrf = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', login)
        assert csrf is not None
        browser.post(
            "login/",
            data={"username": "admin", "password": ADMIN_PASSWORD, "csrfmiddlewaretoken": csrf[1]},
            headers={"referer": f"{shop.relay.url}/admin/login/"},
        )
        lists = set(re.findall(r'href="/admin/(\w+/\w+/)"', browser.get("").text))
        assert lists >= {"accounts/project/", "accounts/credential/", "accounts/witheringtoken/"}
        pages = [*lists, *(f"{path}{view}/" for path in changes for view in ("change", "history"))]
        answers = [browser.get(page) for page in pages]
    assert {answer.status_code for answer in answers} == {200}
    assert seen_in("\n".join(answer.text for answer in answers), planted) == []
