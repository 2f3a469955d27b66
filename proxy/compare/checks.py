"""What an answer must be like. Text in, yes or no out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import re2
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from accounts.errors import Invalid

# Whether an answer passes, given the recorded one.
Check = Callable[[str, str], bool]
KINDS = ("exact", "same", "regex", "json_schema")
_MOST_SHOWN = 40


def build(wanted: list[Mapping[str, Any]]) -> dict[str, Check]:
    """Checks by a name that says what they are. Raises Invalid for one that cannot be."""
    found: dict[str, Check] = {}
    for each in wanted:
        kind, value = each.get("kind"), each.get("value")
        name = str(each.get("name") or _name(kind, value))
        found[name] = _check(kind, value)
    return found


def _name(kind: Any, value: Any) -> str:
    return f"{kind} {value}"[:_MOST_SHOWN] if isinstance(value, str) else str(kind)


def _check(kind: Any, value: Any) -> Check:
    match kind, value:
        case "exact", str():
            return lambda answer, _: answer.strip() == value.strip()
        case "same", None:
            return lambda answer, recorded: answer.strip() == recorded.strip()
        case "regex", str():
            return _regex(value)
        case "json_schema", dict():
            return _schema(value)
    raise Invalid(
        _("A check is exact or regex with a text as its value, json_schema with a schema, or same."),
        field="checks",
    )


def _regex(pattern: str) -> Check:
    """RE2: no pattern takes longer than the text is long."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise Invalid(
            _("The pattern %(pattern)r is none: %(words)s.") % {"pattern": pattern, "words": _words(error)},
            field="checks",
        ) from None
    return lambda answer, _: compiled.search(answer) is not None


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode() if isinstance(reason, bytes) else str(reason)


def _schema(schema: dict[str, Any]) -> Check:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Invalid(
            _("The JSON schema is none: %(words)s.") % {"words": error.message}, field="checks"
        ) from None
    # With a registry of its own: a $ref to an address fetches nothing.
    validator = Draft202012Validator(schema, registry=Registry())

    def check(answer: str, _: str) -> bool:
        try:
            return bool(validator.is_valid(json.loads(answer)))
        except (ValueError, RecursionError, Unresolvable):
            return False

    return check
