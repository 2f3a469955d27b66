"""The first key and the first settings, and where environment and database disagree about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import Model

from . import singlerow
from .errors import Refused
from .models import Credential
from .secrets import issuing, keys
from .singlerow import Row

DEFAULT_NAME = "default"


@dataclass(frozen=True, slots=True)
class Difference:
    """`line` names secrets, never shows them; `apply` makes the database say what the environment says."""

    line: str
    apply: Callable[[], object]


def ensure_credential(
    name: str = DEFAULT_NAME, secret: str | None = None
) -> tuple[Credential | None, str | None]:
    """Creates the first key, only where there is none. A secret that is generated here is returned too."""
    if Credential.objects.exists():
        return Credential.objects.filter(name=name).first(), None
    generated = None if secret else keys.generate()
    credential = Credential(name=name)
    _set_chosen(credential, secret or generated or "")
    return credential, generated


def differences(given: Mapping[str, Any]) -> list[Difference]:
    """`given` holds only variables that are set, by name."""
    found: list[Difference] = []
    if secret := given.get("PROXY_KEY"):
        found += _credential_differences(secret)
    if password := given.get("ADMIN_PASSWORD"):
        found += _admin_differences(given["ADMIN_USERNAME"], password)
    return found


def ensure_row(model: type[Row], variables: Iterable[str], values: Mapping[str, Any]) -> Row | None:
    """Creates the one row of settings, only where there is none; what `values` lacks gets its default. A
    setting's variable is the upper-case name of its column."""
    if model._default_manager.exists():
        return None
    row = model()
    assign(row, {variable.lower(): values[variable] for variable in variables if variable in values})
    return row


def row_differences(
    model: type[Model], variables: Iterable[str], given: Mapping[str, Any]
) -> list[Difference]:
    row = singlerow.read(model)
    found = []
    for variable in variables:
        column = variable.lower()
        if variable in given and given[variable] != getattr(row, column):
            line = f"{variable} is {given[variable]!r}, but {getattr(row, column)!r} in the database"
            found.append(Difference(line, partial(assign, row, {column: given[variable]})))
    return found


def assign(row: Model, values: Mapping[str, Any]) -> None:
    """Raises ImproperlyConfigured, in words, and saves nothing."""
    for column, value in values.items():
        setattr(row, column, value)
    try:
        # An unreadable key cannot be checked, and must not keep its provider from being corrected.
        row.full_clean(exclude={"api_key"})
    except ValidationError as error:
        words = "; ".join(f"{column}: {' '.join(texts)}" for column, texts in error.message_dict.items())
        raise ImproperlyConfigured(f"The {row._meta.verbose_name} cannot be saved. {words}") from None
    row.save()


def _credential_differences(secret: str) -> list[Difference]:
    credential = Credential.objects.filter(name=DEFAULT_NAME).first()
    if credential is None:
        line = f"PROXY_KEY is set, but there is no key named {DEFAULT_NAME}"
    elif bytes(credential.digest) != keys.digest(secret):
        line = f"PROXY_KEY differs from the stored key {DEFAULT_NAME}"
    else:
        return []
    return [Difference(line, partial(_set_chosen, credential or Credential(name=DEFAULT_NAME), secret))]


def _set_chosen(credential: Credential, secret: str) -> None:
    try:
        issuing.issue(credential, secret)
    except Refused as refused:
        raise ImproperlyConfigured(f"PROXY_KEY cannot be used. {refused.message}") from None
    credential.save()


def _admin_differences(username: str, password: str) -> list[Difference]:
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        create = partial(get_user_model().objects.create_superuser, username=username, password=password)
        return [Difference(f"ADMIN_USERNAME names {username}, who does not exist", create)]
    if user.check_password(password):
        return []
    return [
        Difference(
            f"ADMIN_PASSWORD differs from the password of {username}", partial(_set_password, user, password)
        )
    ]


def _set_password(user: Any, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
