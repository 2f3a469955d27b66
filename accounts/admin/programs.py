"""The shortest programs that use a key: to paste, and to see that it works. None names a model."""

from __future__ import annotations

import json
import shlex
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Program(NamedTuple):
    title: Any
    code: str


def using(base_url: str, secret: str) -> list[Program]:
    """A key of somebody's own choosing may hold any printable character, so each language quotes it."""
    address = f"{base_url}/v1"
    bearer = shlex.quote(f"Authorization: Bearer {secret}")
    return [
        Program(_("curl: the models it may use"), f"curl {shlex.quote(address + '/models')} -H {bearer}"),
        Program(
            _("Python"),
            "from openai import OpenAI\n\n"
            f"client = OpenAI(base_url={_quoted(address)}, api_key={_quoted(secret)})\n"
            "print([model.id for model in client.models.list()])",
        ),
        Program(
            _("Environment of any OpenAI client"),
            f"export OPENAI_BASE_URL={shlex.quote(address)} OPENAI_API_KEY={shlex.quote(secret)}",
        ),
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
