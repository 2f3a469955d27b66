"""Every error of the management API, in OpenAI's shape like all errors of the relay:

    {"error": {"message", "type", "param", "code", "fields"}}

`fields` holds the messages by the name of the field; `param` is the first of these names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errorobject import error_object
from accounts.errors import Inactive, Missing, Refused, Taken, Unavailable, Unknown
from accounts.signin.lockout import LockedOut

STATUS = {Inactive: 403, Unknown: 404, Taken: 409, Missing: 409, Unavailable: 503}
AWAY_SECONDS = 5
WHOLE = "non_field_errors"
Fields = dict[str, list[str]]


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. None is a fault of ours: Django logs it and answers 500."""
    match exception:
        case Refused(message=message, field=field, code=code):
            fields = {field: [message]} if field else None
            return problem(STATUS.get(type(exception), 400), code, message, fields)
        case LockedOut():
            headers = {"Retry-After": str(exception.seconds)}
            return problem(429, "locked_out", str(exception), headers=headers)
        case exceptions.ValidationError(detail=detail):
            return _invalid(detail)
        case IntegrityError():
            return problem(409, "conflict", "Something else has this name or key already.")
        case OperationalError() | InterfaceError():
            headers = {"Retry-After": str(AWAY_SECONDS)}
            return problem(503, "database_unavailable", "The database does not answer.", headers=headers)
        case Http404() | exceptions.NotFound():
            return problem(404, "not_found", "There is no such thing here.")
        case PermissionDenied():
            return problem(403, "permission_denied", str(exception) or "You may not do this.")
        case exceptions.APIException():
            return _refusal(exception)
    return None


def problem(
    status: int, code: str, message: str, fields: Fields | None = None, headers: dict[str, str] | None = None
) -> Response:
    error = error_object(status, code, message, next(iter(fields), None) if fields else None)
    if fields:
        error["fields"] = fields
    return Response({"error": error}, status=status, headers=headers)


def _invalid(detail: Any) -> Response:
    """409 when all that is wrong is that something else has it."""
    found = list(_flat(detail))
    fields: Fields = {}
    for name, error in found:
        fields.setdefault(name, []).append(str(error))
    is_taken = all(error.code == "unique" for _, error in found)
    message = " ".join(
        f"{name}: {text}" if name != WHOLE else text for name, texts in fields.items() for text in texts
    )
    fields.pop(WHOLE, None)
    return problem(409 if is_taken else 400, "conflict" if is_taken else "invalid", message, fields)


def _flat(detail: Any, name: str = "") -> Iterator[tuple[str, exceptions.ErrorDetail]]:
    """Names of nested fields are joined by dots."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flat(value, name)
    else:
        yield name or WHOLE, detail


def _refusal(exception: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(exception, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    code = str(exception.get_codes())
    return problem(exception.status_code, code, str(exception.detail), headers=headers)
