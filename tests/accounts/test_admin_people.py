from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from accounts.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "a-password-of-somebody-1871"
USERS = "/admin/auth/user/"


def event(action: str) -> AuditEvent:
    return AuditEvent.objects.get(action=action)


def everything() -> str:
    return str(list(AuditEvent.objects.values()))


@pytest.fixture
def grace(db: None) -> User:
    return User.objects.create_user("grace", password=PASSWORD, is_staff=True)


def form_of(user: User, **values: Any) -> dict[str, Any]:
    return {
        "username": user.username,
        "is_active": "on",
        "date_joined": "2026-01-02T03:04:05",
    } | values


def test_a_new_user_is_audited_without_the_password(admin_client: Client) -> None:
    form = {"username": "grace", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin_client.post(f"{USERS}add/", form).status_code == 302
    found = event("user.create")
    assert (found.actor_name, found.target_name) == ("admin", "grace")
    assert PASSWORD not in everything()


@pytest.mark.parametrize("page", ["user/", "user/add/", "group/", "group/add/"])
def test_every_page_says_what_the_roles_may_do(admin_client: Client, page: str) -> None:
    found = admin_client.get(f"/admin/auth/{page}")
    assert "What the roles may do" in found.text and "analyst" in found.text


def test_rights_are_audited_by_name(admin_client: Client, grace: User) -> None:
    right = Permission.objects.get(codename="view_project")
    form = form_of(grace, is_staff="on", user_permissions=[str(right.pk)])
    assert admin_client.post(f"{USERS}{grace.pk}/change/", form).status_code == 302
    found = event("user.update")
    assert json.loads(found.before)["user_permissions"] == []
    assert json.loads(found.after)["user_permissions"] == [str(right)]


def test_the_password_of_another_is_audited_without_it(admin_client: Client, grace: User) -> None:
    form = {"password1": "another-password-1872", "password2": "another-password-1872"}
    form |= {"usable_password": "true", "set-password": "Change password"}
    assert admin_client.post(f"{USERS}{grace.pk}/password/", form).status_code == 302
    assert event("user.password").target_name == "grace"
    assert "1872" not in everything()


def test_a_refused_password_is_no_change(admin_client: Client, grace: User) -> None:
    form = {"password1": "one", "password2": "two", "usable_password": "true", "set-password": "x"}
    assert admin_client.post(f"{USERS}{grace.pk}/password/", form).status_code == 200
    assert not AuditEvent.objects.exists()


def test_a_deleted_user_is_audited(admin_client: Client, grace: User) -> None:
    admin_client.post(f"{USERS}{grace.pk}/delete/", {"post": "yes"})
    assert event("user.delete").target_name == "grace"


def test_users_deleted_from_the_list_are_audited(admin_client: Client, grace: User) -> None:
    form = {"action": "delete_selected", "_selected_action": [grace.pk], "post": "yes"}
    admin_client.post(USERS, form)
    assert event("user.delete").target_name == "grace"


def test_groups_are_audited(admin_client: Client) -> None:
    admin_client.post("/admin/auth/group/add/", {"name": "readers"})
    assert Group.objects.get().name == "readers"
    assert event("group.create").target_name == "readers"
