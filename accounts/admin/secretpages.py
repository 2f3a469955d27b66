"""The page that shows secrets, once: the answer to the request that made them.

A message would put them into a cookie or the session's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from ..ownaddress import base_url
from . import programs, words


class Shown(NamedTuple):
    name: str
    secret: str
    end: str
    programs: list[programs.Program]


def show_once(
    request: HttpRequest, page: ModelAdmin, title: Any, secrets: Sequence[tuple[Any, str]]
) -> TemplateResponse:
    """`secrets` are rows and secrets. Only one of them alone comes with programs that use it."""
    address = base_url(request)
    shown = [
        Shown(str(row), secret, words.end(row), programs.using(address, secret) if len(secrets) == 1 else [])
        for row, secret in secrets
    ]
    context = {**page.admin_site.each_context(request), "title": title, "opts": page.opts, "secrets": shown}
    return TemplateResponse(request, "accounts/secret_once.html", context)
