from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from accounts.audit.audit import Actor
from accounts.errors import Refused
from accounts.models import Credential, Project, TokenQuota, WitheringToken
from accounts.secrets import issuing
from accounts.tokens import testkeys
from logs_app.recorder.store import Store
from proxy.playground import choices
from tests.logs_app.test_recorder_store import write
from tests.logs_app.test_statistics import at

pytestmark = pytest.mark.django_db
ANN = Actor("user", "ann")


def user(*permissions: str) -> User:
    made = User.objects.create_user("ann", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return made


def saved(row: Any) -> Any:
    issuing.issue(row)
    row.save()
    return row


def offered(asking: User) -> list[str]:
    return [label for _group, found in choices.keys(asking) for _value, label in found]


@pytest.fixture
def keys() -> tuple[str, str]:
    project = Project.objects.create(name="apollo")
    credential = saved(Credential(name="of a team", project=project))
    saved(Credential(name="off", is_enabled=False))
    token = saved(WitheringToken(name="for a day", project=project))
    saved(WitheringToken(name="revoked", project=project, is_active=False))
    used_up = saved(WitheringToken(name="used up", project=project, max_requests=3))
    TokenQuota.objects.create(token_id=used_up.pk, used=3)
    closed = Project.objects.create(name="gemini", is_active=False)
    saved(Credential(name="of a closed project", project=closed))
    return choices.name_of(credential), choices.name_of(token)


def test_only_keys_that_work_and_may_be_seen_are_offered(keys):
    asking = user("view_credential", "view_witheringtoken")
    assert offered(asking) == ["of a team · apollo", "for a day · apollo"]
    for name in keys:
        assert choices.name_of(choices.find(asking, name, ANN)) == name


def test_who_may_not_see_keys_may_not_call_with_them(keys):
    asking = user()
    assert offered(asking) == []
    for name in (*keys, choices.OWN):
        with pytest.raises(Refused):
            choices.find(asking, name, ANN)


def test_ones_own_key_is_made_by_who_may_make_keys():
    asking = user("add_credential")
    assert offered(asking) == ["playground-ann (made at the first call)"]
    made = choices.find(asking, choices.OWN, ANN)
    assert made == testkeys.find("ann")
    assert choices.find(asking, choices.name_of(made), ANN) == made
    assert offered(asking) == ["playground-ann"]


def test_a_disabled_own_key_is_not_offered():
    Credential.objects.filter(pk=testkeys.ensure("ann", ANN).pk).update(is_enabled=False)
    assert offered(user("add_credential")) == []


def test_one_begins_with_the_model_that_chats_ask_for_most():
    store = Store("default")
    store.register("node-a")
    now = int(time.time() * 1000)
    chat = {"endpoint": "/v1/chat/completions"}
    write(
        store,
        [
            at(now, **chat, model="b"),
            *(at(now, **chat, model="typo", outcome="failed") for _ in range(2)),
            *(at(now, endpoint="/v1/embeddings", model="c") for _ in range(3)),
        ],
    )
    assert choices.usual_model(user("view_logrecord"), ["a", "b", "c", "typo"]) == "b"
    ben = User.objects.create_user("ben", is_staff=True)  # who sees no record
    assert choices.usual_model(ben, ["a", "b"]) == "a"
    assert choices.usual_model(ben, []) == ""
