"""Errors in words, for what Django would answer with a bare status line: a page for people, and OpenAI's
error object for programs, which may have come here by a wrong base URL.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.errorobject import error_object


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


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_for_people(request):
        words = _("There is nothing at this address. Perhaps it was deleted, or the link is cut off.")
        return _page(request, 404, _("Not found"), words)
    return _error(
        404,
        "not_found",
        f"There is nothing at {request.path[:200]}. Clients call this relay under /v1 "
        f"(base_url {request.scheme}://{request.get_host()}/v1); the admin is at /admin/.",
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_for_people(request):
        words = str(exception) or _("Your roles do not allow this. Ask who gives them out.")
        return _page(request, 403, _("Not allowed"), words)
    words = str(exception) or "Your roles do not allow this. Ask who gives them out."
    return _error(403, "permission_denied", words)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: mostly a page that was open since before somebody signed in anew."""
    if _is_for_people(request):
        words = _(
            "This form was too old, or the browser keeps no cookies. Go back, reload the page, try again."
        )
        return _page(request, 403, _("Not sent"), words)
    return _error(403, "csrf_failed", f"This call needs the CSRF token of a session. {reason}")


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_for_people(request):
        # Without the request: what failed may be what its context would ask for.
        words = _("The relay failed on this page; nothing was changed. Its log has the details.")
        context = {"title": _("Something went wrong"), "words": words, "request_id": _id_of(request)}
        return HttpResponse(render_to_string("relay/problem.html", context), status=500)
    return _error(
        500, "relay_error", "The relay failed on this request. The log of the relay has the details."
    )


def _is_for_people(request: HttpRequest) -> bool:
    """Browsers ask for HTML, and no client of an API does."""
    return "text/html" in request.headers.get("accept", "")


def _id_of(request: Any) -> str:
    return getattr(request, "request_id", "")


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    context = {"title": title, "words": words, "request_id": _id_of(request)}
    return HttpResponse(render_to_string("relay/problem.html", context, request), status=status)


def _error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": error_object(status, code, message)}, status=status)
