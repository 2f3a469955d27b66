"""The description of the management API: /openapi.json, and /docs to read and try it, without a login."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import re_path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from relay import VERSION

Operation = dict[str, Any]
PROBLEM = "Problem"
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Any error.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "description": "OpenAI's error object.",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string", "description": "For people."},
                "type": {"type": "string", "description": "The kind of error."},
                "param": {
                    "type": "string",
                    "nullable": True,
                    "description": "The field or parameter that is wrong, if it is one.",
                },
                "code": {"type": "string", "description": "For programs; it never changes."},
                "fields": {
                    "type": "object",
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                    "description": "What is wrong, by field.",
                },
            },
        }
    },
}
TEXTS = {
    400: "Something in the request cannot be, or is not known; `param` names it.",
    401: "The bearer is missing or wrong.",
    403: "This needs another permission, or the project is inactive.",
    404: "There is no such thing.",
    409: "Something else has this name or key.",
    413: "The body is larger than 1 MB.",
    429: "Too many calls, or too many failed ones; `Retry-After` says when to come back.",
    503: "The database does not answer.",
}


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_document(), content_type="application/json")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "relay/docs.html", {"version": VERSION})


@lru_cache(maxsize=1)
def _document() -> bytes:
    """Costs a good part of a second, and stays the same as long as the process."""
    return orjson.dumps(SchemaGenerator().get_schema(request=None, public=True))


def without_last_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Before: the routes' optional slash would appear in every path."""
    return [(path.rstrip("/") or "/", *rest) for path, *rest in endpoints]


def with_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """After: no view says that it may fail, and all do it alike."""
    result["components"]["schemas"][PROBLEM] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status in _statuses(path, method, operation):
                operation["responses"].setdefault(str(status), _response(status))
    return result


def _statuses(path: str, method: str, operation: Operation) -> list[int]:
    has_body = "requestBody" in operation
    has_query = any(parameter["in"] == "query" for parameter in operation.get("parameters", ()))
    found = {
        400: has_body or has_query or method == "post",
        401: True,
        403: "login" not in path,
        404: "{" in path or (has_body and "login" not in path),
        409: has_body and "login" not in path,
        413: has_body,
        429: True,
        503: True,
    }
    return [status for status, may_be in found.items() if may_be]


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{PROBLEM}"}
    return {"description": TEXTS[status], "content": {"application/json": {"schema": schema}}}


urlpatterns = [
    re_path(r"^openapi\.json/?$", document, name="openapi"),
    re_path(r"^docs/?$", page, name="docs"),
]
