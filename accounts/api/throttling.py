"""So many calls a minute for each caller, that a script gone wild leaves the console to the others.

Counted by the console process of each machine, in memory: it protects that process and nothing else.
Who is not signed in never gets here; `lockout` has counted him.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.throttling import SimpleRateThrottle


class PerCaller(SimpleRateThrottle):
    scope = "management"

    def get_rate(self) -> str:
        return f"{settings.MANAGEMENT_RATE_LIMIT_PER_MINUTE}/minute"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        if request.user is None:
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk or "token"}
