"""What the tests of the admin's pages have in common."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

CREDENTIALS = "/admin/accounts/credential/"
PROJECTS = "/admin/accounts/project/"
TOKENS = "/admin/accounts/witheringtoken/"


def shown_secrets(response: Any) -> list[str]:
    return re.findall(r'readonly value="([^"]+)"', response.content.decode())


def shown_secret(response: Any) -> str:
    (secret,) = shown_secrets(response)
    return secret


def text(response: Any) -> str:
    """Without tags and runs of white space; an error page fails the test."""
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def has_inline_code(response: Any) -> bool:
    return bool(re.search(rb"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", response.content))


def run_id(response: Any) -> str:
    return re.search(r'name="run" value="([^"]+)"', response.content.decode())[1]


def act(client: Client, url: str, action: str, *pks: Any, **values: str) -> Any:
    data = {"action": action, "_selected_action": [str(pk) for pk in pks], **values}
    return client.post(url, data, follow=True)


def everything_stored() -> str:
    """All tables as text, sessions unpacked, and the bytes of the SQLite file."""
    texts = [repr(session.get_decoded()) for session in Session.objects.all()]
    for model in apps.get_models():
        texts += [repr(row) for row in model.objects.values()]
    if connection.vendor == "sqlite":
        path = connection.settings_dict["NAME"]
        texts += [Path(f"{path}{suffix}").read_bytes().decode("latin-1") for suffix in ("", "-wal")]
    return "\n".join(texts)
