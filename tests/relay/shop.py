"""A relay with two workers, and a process beside it that changes its database: what tests of keys need."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests import managing
from tests.running import Relay

CALLS_PER_LOOK = 8  # connections are spread over the workers
BESIDE = """
import json, sys
from datetime import timedelta
from django.utils import timezone
from accounts import projects, statistics
from accounts.audit.audit import Actor
from accounts.secrets import issuing, rotation
from accounts.tokens import quota, tokens
from accounts.models import Credential, Project, TokenQuota, WitheringToken
from logs_app.models import LogPayload, LogRecord
from proxy.models import Provider
me = Actor("command", "tests")
for line in sys.stdin:
    exec(json.loads(line))
    print(json.dumps(result, default=str), flush=True)
"""


class Shop:
    """A relay, and a process beside it that changes its database."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self._beside = managing.waiting.talk([], relay.environ, code=BESIDE)

    def tell(self, code: str) -> Any:
        """Runs `code` there; what it names `result`, as JSON."""
        self._beside.stdin.write(json.dumps(f"result = None\n{code}") + "\n")
        return json.loads(self._beside.line())

    def close(self) -> None:
        with self._beside:
            self._beside.communicate()


def manage(shop: Shop, *arguments: str) -> str:
    done = managing.run(arguments, shop.relay.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_token(shop: Shop, name: str, values: str = "") -> dict[str, str]:
    """Of a project of its own."""
    return shop.tell(
        f"""
project = Project.objects.create(name="{name}")
token, secret = tokens.create(project, me, lifetime={{"expires_at": None}}, {values})
result = {{"id": token.pk, "secret": secret, "project": project.pk}}
""",
    )


def ask(shop: Shop, secret: str, text: str = "hi", **more: str) -> httpx.Response:
    """On a connection of its own; `more` are headers, with _ for -."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    named = {name.replace("_", "-"): value for name, value in more.items()}
    headers = {"authorization": f"Bearer {secret}"} | named
    return httpx.post(
        f"{shop.relay.base_url}/chat/completions", json=body, headers=headers, timeout=30, verify=False
    )


def ask_badly(shop: Shop, secret: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    return httpx.post(f"{shop.relay.base_url}/chat/completions", content=b"{", headers=headers)


def codes(shop: Shop, secret: str, times: int = CALLS_PER_LOOK) -> set[str]:
    """What several connections are told: "ok", or codes of errors."""
    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(lambda _n: ask(shop, secret), range(times)))
    return {"ok" if answer.status_code == 200 else answer.json()["error"]["code"] for answer in answers}
