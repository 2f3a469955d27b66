"""Where clients find this relay."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def base_url(request: Any) -> str:
    """As far as it knows; without /v1."""
    return str(settings.PROXY_BASE_URL or request.build_absolute_uri("/")).rstrip("/").removesuffix("/v1")
