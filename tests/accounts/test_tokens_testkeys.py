from __future__ import annotations

import pytest

from accounts.audit.audit import Actor
from accounts.models import AuditEvent, Credential
from accounts.tokens import testkeys

pytestmark = pytest.mark.django_db
ANN = Actor("user", "ann")


def test_somebody_has_one_key_and_its_making_is_in_the_audit_log():
    assert testkeys.find("ann") is None
    made = testkeys.ensure("ann", ANN)
    assert testkeys.ensure("ann", ANN).pk == made.pk == testkeys.find("ann").pk
    assert made.status == "active"
    event = AuditEvent.objects.get(action="credential.create")
    assert (event.actor_name, event.target_id) == ("ann", str(made.pk))


def test_a_disabled_one_stays_disabled():
    Credential.objects.filter(pk=testkeys.ensure("ann", ANN).pk).update(is_enabled=False)
    assert testkeys.ensure("ann", ANN).status == "disabled"
