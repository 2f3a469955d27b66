from __future__ import annotations

import pytest

from logs_app import seeding
from logs_app.finding import nodes
from logs_app.models import LogRecord, Node
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


def test_each_has_the_moment_of_its_newest_record() -> None:
    record = add_record()
    LogRecord.objects.filter(pk=record.pk).update(node="one", seq=7)
    for name in ("one", "never-recorded", seeding.NODE):
        Node.objects.update_or_create(pk=name, defaults={"seq": 7})
    found = {node.pk: node.last for node in nodes.recording() if node.pk in ("one", "never-recorded")}
    assert found == {"one": record.created_at, "never-recorded": None}
    assert not nodes.recording().filter(pk=seeding.NODE).exists()
