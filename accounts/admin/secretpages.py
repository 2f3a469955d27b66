"""The page that shows secrets, once: the answer to the request that made them.

A message would put them into a cookie or the session's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def show_once(
    request: HttpRequest, page: ModelAdmin, title: Any, secrets: Sequence[tuple[str, str]]
) -> TemplateResponse:
    """`secrets` are names and secrets."""
    context = {**page.admin_site.each_context(request), "title": title, "opts": page.opts, "secrets": secrets}
    return TemplateResponse(request, "accounts/secret_once.html", context)
