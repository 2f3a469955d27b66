"""The bus that needs nothing but the database: claims on ranges of the feed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils import timezone

from logs_app.bus.bus import LEASE_SECONDS, Bus, Lot, Overtaken
from logs_app.events import feed, subscriptions
from logs_app.events.subscriptions import Tally
from logs_app.models import Claim, Subscriber, SubscriberCursor


class DatabaseBus(Bus):
    def __init__(self, subscriber: str, owner: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self._subscriber, self._owner = subscriber, owner
        self._lease = timedelta(seconds=lease_seconds)
        self._using = feed.alias()
        self._last_node = ""

    def waiting(self) -> int:
        newest, rows = feed.newest(), subscriptions.cursors(self._subscriber)
        fresh = sum(max(seq - rows[node].claimed, 0) for node, seq in newest.items())
        return fresh or int(self._abandoned().exists())

    def take(self, most: int) -> Lot | None:
        with transaction.atomic(using=self._using):
            # One after the other: the row is locked until the commit.
            Subscriber.objects.using(self._using).select_for_update().filter(pk=self._subscriber).first()
            return self._adopt() or self._claim(most)

    def settle(self, lot: Lot, upto: int, tally: Tally) -> None:
        with transaction.atomic(using=self._using):
            subscriptions.count(self._subscriber, tally)
            own = self._claims().filter(pk=lot.claim, owner=self._owner)
            left = {"first": upto + 1, "tries": 1, "expires_at": self._until()}
            if not (own.delete()[0] if upto >= lot.seqs[-1] else own.update(**left)):
                raise Overtaken(f"{lot.node} {upto}")
            self._advance(lot.node)

    def keep(self, lot: Lot) -> None:
        self._claims().filter(pk=lot.claim, owner=self._owner).update(expires_at=self._until())

    def release(self, lot: Lot) -> None:
        """Nobody died of it: it counts as not begun."""
        own = self._claims().filter(pk=lot.claim, owner=self._owner)
        own.update(expires_at=timezone.now(), tries=F("tries") - 1)

    def _adopt(self) -> Lot | None:
        claim = self._abandoned().order_by("first").first()
        if claim is None:
            return None
        claim.owner, claim.expires_at, claim.tries = self._owner, self._until(), claim.tries + 1
        claim.save(using=self._using)
        return _lot(claim)

    def _claim(self, most: int) -> Lot | None:
        newest, rows = feed.newest(), subscriptions.cursors(self._subscriber)
        behind = sorted(node for node, seq in newest.items() if seq > rows[node].claimed)
        if not behind:
            return None
        node = next((each for each in behind if each > self._last_node), behind[0])  # in turns
        self._last_node, row = node, rows[node]
        first, last = row.claimed + 1, min(row.claimed + most, newest[node])
        row.claimed = last
        row.save(using=self._using, force_insert=row._state.adding)
        claim = Claim(subscriber=self._subscriber, node=node, first=first, last=last, owner=self._owner)
        claim.expires_at = self._until()
        claim.save(using=self._using)
        return _lot(claim)

    def _advance(self, node: str) -> None:
        """To before what is still claimed, in whatever order claims are settled."""
        first = self._claims().filter(node=node).aggregate(first=Min("first"))["first"]
        row = SubscriberCursor.objects.using(self._using).filter(subscriber=self._subscriber, node=node)
        row.update(seq=F("claimed") if first is None else first - 1)

    def _claims(self) -> QuerySet[Claim]:
        return Claim.objects.using(self._using).filter(subscriber=self._subscriber)

    def _abandoned(self) -> QuerySet[Claim]:
        return self._claims().filter(expires_at__lte=timezone.now())

    def _until(self) -> datetime:
        return timezone.now() + self._lease


def _lot(claim: Claim) -> Lot:
    return Lot(claim.node, range(claim.first, claim.last + 1), claim.tries, claim.pk)
