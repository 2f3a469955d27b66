from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.test import Client

PASSWORD = "engine-of-1843"


class API:
    """A test client that speaks JSON as the bearer of the management token, or as somebody else."""

    def __init__(self, client: Client, bearer: str | None = None) -> None:
        self.client = client
        self.bearer = settings.MANAGEMENT_TOKEN if bearer is None else bearer

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(path: str, body: Any = None, **headers: str) -> Any:
            if self.bearer:
                headers.setdefault("authorization", f"Bearer {self.bearer}")
            data = "" if body is None else json.dumps(body)
            return self.client.generic(
                method.upper(), path, data, content_type="application/json", headers=headers
            )

        return call


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    cache.clear()


@pytest.fixture
def api(db: None, client: Client) -> API:
    return API(client)


@pytest.fixture
def anonymous(db: None, client: Client) -> API:
    return API(client, "")


@pytest.fixture
def staff(db: None) -> Callable[..., Any]:
    # No model can be imported here: this file is read before Django is set up.
    users, rights = apps.get_model("auth.User").objects, apps.get_model("auth.Permission").objects

    def make(permissions: Iterable[str] = (), **values: Any) -> Any:
        user = users.create_user(**{"username": "ada", "password": PASSWORD, "is_staff": True} | values)
        user.user_permissions.set(rights.filter(codename__in=permissions))
        return user

    return make


@pytest.fixture
def session(client: Client, staff: Callable[..., Any]) -> Callable[..., API]:
    """Somebody who is signed in to the admin with these permissions."""

    def make(*permissions: str) -> API:
        client.force_login(staff(permissions))
        return API(client, "")

    return make


@pytest.fixture
def project(api: API) -> dict[str, Any]:
    return api.post("/manage/projects", {"name": "shop"}).json()
