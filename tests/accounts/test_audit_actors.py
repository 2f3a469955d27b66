from __future__ import annotations

from django.contrib.auth.models import User

from accounts.audit import actors
from accounts.audit.audit import Actor
from accounts.signin.authentication import ManagementActor


def request_of(rf, user, **extra):
    request = rf.get("/", **extra)
    request.user, request.request_id = user, "req-1"
    return request


def test_a_user_is_named_with_address_and_request(rf):
    request = request_of(rf, User(username="ada"), REMOTE_ADDR="10.0.0.1")
    assert actors.of(request) == Actor("user", "ada", "10.0.0.1", "req-1")


def test_the_bearer_of_the_management_token_is_no_user(rf):
    assert actors.of(request_of(rf, ManagementActor())).kind == "token"


def test_a_socket_without_addresses_is_nowhere(rf):
    assert actors.of(request_of(rf, ManagementActor(), REMOTE_ADDR="")).client_ip is None
