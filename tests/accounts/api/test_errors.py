from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions

from accounts.api import errors
from accounts.errors import Inactive, Invalid, Refused, Taken, Unavailable, Unknown
from accounts.signin.lockout import LockedOut


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (Refused("no"), 400, "refused"),
        (Invalid("no"), 400, "invalid"),
        (Unknown("no"), 404, "not_found"),
        (Taken("no"), 409, "conflict"),
        (Inactive("no"), 403, "project_inactive"),
        (Unavailable("no"), 503, "unavailable"),
        (LockedOut(7), 429, "locked_out"),
        (Http404(), 404, "not_found"),
        (exceptions.NotFound(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (IntegrityError("UNIQUE constraint failed: secret"), 409, "conflict"),
        (OperationalError("connection to 10.0.0.1 refused"), 503, "database_unavailable"),
        (InterfaceError("connection already closed"), 503, "database_unavailable"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.ParseError("what"), 400, "parse_error"),
        (exceptions.Throttled(2.5), 429, "throttled"),
    ],
)
def test_every_kind_has_its_status_and_code_in_one_shape(exception, status, code):
    response = errors.answer(exception, {})
    assert (response.status_code, response.data["error"]["code"]) == (status, code)
    assert sorted(response.data["error"]) == ["code", "message", "param", "type"]
    assert "10.0.0.1" not in str(response.data) and "secret" not in str(response.data)


@pytest.mark.parametrize(
    ("exception", "seconds"),
    [(LockedOut(7), "7"), (exceptions.Throttled(2.5), "4"), (OperationalError(), "5")],
)
def test_what_may_be_repeated_says_when(exception, seconds):
    assert errors.answer(exception, {})["Retry-After"] == seconds


def test_the_field_of_a_refusal_is_named():
    error = errors.answer(Invalid("Too long.", field="name"), {}).data["error"]
    assert (error["param"], error["fields"]) == ("name", {"name": ["Too long."]})


def test_fields_within_fields_are_named_by_their_path():
    exception = exceptions.ValidationError({"a": {"b": ["One.", "Two."]}, "non_field_errors": ["All."]})
    error = errors.answer(exception, {}).data["error"]
    assert (error["param"], error["fields"]) == ("a.b", {"a.b": ["One.", "Two."]})
    assert error["message"] == "a.b: One. a.b: Two. All."


def test_a_duplicate_is_a_conflict_unless_something_else_is_wrong_too():
    taken = [exceptions.ErrorDetail("Taken.", code="unique")]
    assert errors.answer(exceptions.ValidationError({"name": taken}), {}).status_code == 409
    both = exceptions.ValidationError({"name": taken, "rate_limit": ["No."]})
    assert errors.answer(both, {}).status_code == 400


def test_a_fault_of_ours_is_not_hidden():
    assert errors.answer(ZeroDivisionError(), {}) is None
