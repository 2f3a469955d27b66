"""The serializers as the commands use them: with an actor, and without a request."""

from __future__ import annotations

import pytest

from accounts.api.projects import ProjectSerializer
from accounts.api.tokens import TokenSerializer
from accounts.audit.audit import Actor
from accounts.audit.events import AuditEvent
from accounts.models import Project

pytestmark = pytest.mark.django_db
ME = {"actor": Actor("command", "tests")}


def save(row=None, **given):
    serializer = ProjectSerializer(row, data=given, partial=row is not None, context=ME)
    serializer.is_valid(raise_exception=True)
    return serializer.save()


def test_the_actor_of_the_context_is_audited():
    save(save(name="shop"), name="store")
    assert set(AuditEvent.objects.values_list("actor_kind", "actor_name")) == {("command", "tests")}


def test_a_change_writes_only_what_it_names():
    row = save(name="shop")
    stale = Project.objects.get()
    save(row, rate_limit=7)
    save(stale, name="store")
    assert (Project.objects.get().name, Project.objects.get().rate_limit) == ("store", 7)


def test_what_did_not_change_is_not_written():
    row = save(name="shop")
    before = Project.objects.get().updated_at
    save(row, name="shop")
    assert Project.objects.get().updated_at == before


def test_what_it_is_stands_before_what_it_may_and_did():
    names = list(TokenSerializer().fields)
    assert names[:2] == ["id", "prefix"]
    assert names.index("created_at") < names.index("rate_limit") < names.index("request_count")
