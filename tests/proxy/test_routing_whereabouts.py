from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from proxy.models import KeptObject
from proxy.routing import whereabouts
from proxy.routing.whereabouts import Whereabouts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made() -> Iterator[Whereabouts]:
    found = Whereabouts()
    yield found
    found.close()


async def test_what_one_worker_learned_another_finds(made: Whereabouts) -> None:
    await made.learn(["resp_1"], 2)
    other = Whereabouts()
    assert await other.find(("resp_0", "resp_1")) == 2
    assert await other.find(("resp_0",)) is None
    other.close()


async def test_what_moved_is_learned_anew(made: Whereabouts) -> None:
    await made.learn(["file-1"], 2)
    await made.learn(["file-1"], 3)
    other = Whereabouts()
    assert await other.find(("file-1",)) == 3
    other.close()


async def test_what_is_known_is_not_asked_again(made: Whereabouts) -> None:
    await made.learn(["file-1"], 2)
    made._pool.shutdown()
    assert await made.find(("file-1",)) == 2


async def test_without_the_database_nothing_is_known_and_nothing_breaks(
    made: Whereabouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(whereabouts, "_find", away)
    monkeypatch.setattr(whereabouts, "_learn", away)
    assert await made.find(("file-1",)) is None
    await made.learn(["file-1"], 2)
    assert await made.find(("file-1",)) == 2


async def test_the_memory_is_bounded(made: Whereabouts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whereabouts, "REMEMBERED", 3)
    for number in range(10):
        made.remember([str(number)], 1)
    assert set(made._known) == {"7", "8", "9"}


def test_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whereabouts, "_TIDIES_ONCE_IN", 1)
    KeptObject.objects.create(object_id="old", provider_id=1)
    long_ago = timezone.now() - timedelta(days=whereabouts.KEPT_DAYS + 1)
    KeptObject.objects.update(created_at=long_ago)
    whereabouts._learn(("new",), 1)
    assert [row.object_id for row in KeptObject.objects.all()] == ["new"]
