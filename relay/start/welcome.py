"""What the first start prints, once."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import orjson
from django.conf import settings

from relay import VERSION
from relay.environment import secretfiles

# A small model of the default provider, for the line to paste.
OPENAI_URL, OPENAI_MODEL = "https://api.openai.com", "gpt-4o-mini"

FIRST = f"LLM Relay {VERSION} is set up. What stands here is shown only once."
DEMO = f"LLM Relay {VERSION}, demo: a simulated provider and a little traffic. Nothing leaves this machine."


@dataclass(frozen=True, slots=True)
class Generated:
    """What nobody had chosen; None where a variable did."""

    password: str | None
    proxy_key: str | None


def text(url: str, generated: Generated, heading: str) -> str:
    lines = [
        "",
        heading,
        "",
        f"  Admin        {url}/admin/",
        f"  User         {settings.ADMIN_USERNAME}",
        f"  Password     {generated.password or 'from ADMIN_PASSWORD'}",
        f"  Proxy key    {generated.proxy_key or 'from PROXY_KEY'}",
        f"  Management   {_management_token()}",
        "",
        "Paste this into another terminal:",
        "",
        f"  {curl(url, generated.proxy_key)}",
        "",
    ]
    if not settings.TARGET_API_KEY:
        lines += [
            "It answers as soon as the provider's key is known: enter it at",
            f"  {url}/admin/proxy/provider/",
            f"or put TARGET_API_KEY into {settings.BASE_DIR / '.env'} and run",
            "  .venv/bin/python manage.py sync_config",
            "",
        ]
    return "\n".join(lines)


def curl(url: str, proxy_key: str | None) -> str:
    key = proxy_key or _key_expression()
    model = settings.DEFAULT_MODEL or (
        OPENAI_MODEL if settings.TARGET_BASE_URL.rstrip("/") == OPENAI_URL else ""
    )
    if not model:
        return f'curl {url}/v1/models -H "Authorization: Bearer {key}"'
    body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "Say hello"}]}).decode()
    headers = f'-H "Authorization: Bearer {key}" -H "Content-Type: application/json"'
    return f"curl {url}/v1/chat/completions {headers} -d {shlex.quote(body)}"


def _key_expression() -> str:
    """For a shell: the key from where it was chosen, so that it is not printed."""
    if path := os.environ.get("PROXY_KEY_FILE"):
        return f"$(cat {shlex.quote(str(settings.BASE_DIR / path))})"
    env_file = shlex.quote(str(settings.BASE_DIR / os.environ.get("ENV_FILE", ".env")))
    return f"""${{PROXY_KEY:-$(sed -n 's/^PROXY_KEY=//p' {env_file} | tr -d "'\\"")}}"""


def _management_token() -> str:
    path: Path = settings.DATA_DIR / secretfiles.MANAGEMENT_TOKEN
    if "MANAGEMENT_TOKEN" in settings.GIVEN_VARIABLES:
        return "from MANAGEMENT_TOKEN"
    return f"{settings.MANAGEMENT_TOKEN} (kept in {path})"
