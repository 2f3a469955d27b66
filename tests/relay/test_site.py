"""The side bar of the console: what it shows to whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client, RequestFactory

from relay.navigation import GROUPS
from relay.site import ConsoleSite

admin.autodiscover()


def side_bar(user: Any, path: str = "/admin/") -> dict[str, list[str]]:
    request = RequestFactory().get(path)
    request.user = user
    groups = admin.site.get_app_list(request)
    return {str(group["name"]): [str(page["name"]) for page in group["models"]] for group in groups}


def current(user: Any, path: str) -> list[str]:
    request = RequestFactory().get(path)
    request.user = user
    pages = [page for group in admin.site.get_app_list(request) for page in group["models"]]
    return [str(page["name"]) for page in pages if page["is_current"]]


def test_the_admin_is_the_relays_own() -> None:
    assert isinstance(admin.site, ConsoleSite)


def test_every_list_has_a_place_in_a_group() -> None:
    placed = {entry.model for _name, entries in GROUPS for entry in entries if entry.model}
    assert placed == {model._meta.label for model in admin.site._registry}


@pytest.mark.django_db
def test_who_may_all_sees_all(admin_user: User) -> None:
    seen = side_bar(admin_user)
    assert list(seen) == ["Observe", "Access", "Route", "Settings"]
    assert seen["Access"] == ["Projects", "Withering tokens", "Keys", "Audit"]


@pytest.mark.django_db
def test_others_see_what_they_may_open() -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_provider"))
    seen = side_bar(user)
    assert seen["Route"] == ["Providers"]
    assert "Settings" not in seen


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/admin/", "Dashboard"),
        ("/admin/proxy/route/", "Routes"),
        ("/admin/proxy/route/1/change/", "Routes"),
        ("/admin/password_change/", None),
    ],
)
def test_the_page_one_is_on_is_marked(admin_user: User, path: str, name: str | None) -> None:
    assert current(admin_user, path) == ([name] if name else [])


@pytest.mark.django_db
def test_a_page_of_an_app_lists_what_is_in_it(admin_client: Client) -> None:
    text = admin_client.get("/admin/proxy/").content.decode()
    assert "/admin/proxy/provider/add/" in text


@pytest.mark.django_db
def test_the_words_of_scripts_are_kept_by_the_browser(admin_client: Client) -> None:
    answer = admin_client.get("/admin/jsi18n/")
    assert answer["Cache-Control"] == "private, max-age=3600"
