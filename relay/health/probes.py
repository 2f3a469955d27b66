"""/live and /ready/calls, on which an orchestrator ends a node or sends it no calls.

A worker answers them itself: a console that hangs must not end the calls of others. Nor must what nodes share
take all of them out at once: without the database calls go on, and their records wait in the journal.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from proxy import runtime
from proxy.configuration.snapshot import SnapshotStore

UNUSABLE = "This node can use none of the providers: /health/detailed says why."


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
async def ready_for_calls(request: HttpRequest) -> JsonResponse:
    """503 until the configuration was read once, and where this node can use none of the providers."""
    reasons = _reasons((await runtime.current()).snapshots)
    if not reasons:
        return JsonResponse({"status": "ready", "reasons": []})
    return JsonResponse({"status": "not ready", "reasons": reasons}, status=503, headers={"retry-after": "5"})


def _reasons(snapshots: SnapshotStore) -> list[str]:
    """A key that cannot be read, a variable that is not set: other nodes may have both. Which is not said:
    anybody may ask.
    """
    if snapshots.last_success is None:
        return ["The configuration could not be read yet."]
    providers = snapshots.current.providers
    return [UNUSABLE] if providers and all(provider.error for provider in providers) else []


PROBES: dict[str, Any] = {"/live": live, "/ready/calls": ready_for_calls}


def takes(path: str) -> bool:
    return path.rstrip("/") in PROBES


async def answer(scope: dict[str, Any], send: Any) -> None:
    """An ASGI application, without the middleware of the console, which would take a thread."""
    view = PROBES[scope["path"].rstrip("/")]
    request = ASGIRequest(scope, BytesIO())
    response = await view(request) if iscoroutinefunction(view) else view(request)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    headers.append((b"content-length", b"%d" % len(response.content)))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else response.content})
