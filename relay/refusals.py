"""Error pages in words, for what Django would answer with a bare status line."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`. A page opened under an unknown name is the usual first trouble of an installation."""
    text = "Bad request.\n"
    if isinstance(exception, DisallowedHost):
        host = request.META.get("HTTP_HOST", "")[:200]
        text = (
            f"This relay does not answer under the name {host!r}. If it should, add the name to "
            "ALLOWED_HOSTS (comma-separated), or set PROXY_BASE_URL to its public address; then restart.\n"
        )
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """`handler404`, in OpenAI's shape: who gets here mostly has a wrong base URL in a client."""
    return _error(
        404,
        "not_found",
        f"There is nothing at {request.path[:200]}. Clients call this relay under /v1 "
        f"(base_url {request.scheme}://{request.get_host()}/v1); the admin is at /admin/.",
    )


def server_error(request: HttpRequest) -> JsonResponse:
    return _error(
        500, "relay_error", "The relay failed on this request. The log of the relay has the details."
    )


def _error(status: int, code: str, message: str) -> JsonResponse:
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message, "type": kind, "param": None, "code": code}
    return JsonResponse({"error": error}, status=status)
