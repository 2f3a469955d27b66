from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from accounts.signin.authentication import ManagementActor
from logs_app.models import LogPayload, LogRecord
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("actor", "may_see"),
    [
        (ManagementActor(), True),
        (User(is_staff=True, is_superuser=True), True),
        (User(is_staff=False, is_superuser=True), False),
        (User(is_staff=True, is_superuser=True, is_active=False), False),
        (AnonymousUser(), False),
        (None, False),
    ],
)
def test_records_are_visible_to_staff_with_the_permission(actor, may_see):
    add_record()
    assert LogRecord.objects.visible_to(actor).exists() is may_see


def test_a_record_without_a_payload_has_an_empty_one():
    record = add_record()
    LogPayload.objects.all().delete()
    assert record.payload.request_body is None
    assert record.payload.pk == record.pk


def test_a_record_is_named_by_its_call_and_end():
    record = add_record()
    assert str(record) == "POST /v1/chat/completions 200"
    record.status_code = None
    assert str(record) == "POST /v1/chat/completions completed"


def test_no_record_hangs_on_what_it_describes():
    """Deleting a key must not touch half a million records."""
    relations = [field.name for field in LogRecord._meta.get_fields() if field.is_relation]
    assert relations == []
