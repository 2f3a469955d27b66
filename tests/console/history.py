"""Weeks of believable traffic of the projects and keys that there are, for the pictures of the console."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from accounts.models import Credential, WitheringToken
from logs_app.assembly import Row, Rows
from logs_app.recorder.store import Store
from logs_app.seeding import NODE, Seeder

RECORDS, DAYS, BATCH = 9000, 14.0, 500
DAY_MILLISECONDS = 86_400_000
PROMPTS = (
    "You answer customers of an outdoor shop. Be friendly and brief.",
    "You summarise support mail for the colleague who will answer it.",
    "你是一名数据分析师，请用简洁的中文回答。",
)
TALKS = (
    ("Where is my order 48213?", "It left our warehouse yesterday and should reach you on Thursday."),
    ("Can I return boots that I have worn once?", "Yes, within 30 days, as long as the soles are clean."),
    ("Which tent is right for two people in winter?", "The Nordlys 2: four seasons, 2.4 kg, snow skirts."),
    ("Do you ship to Norway?", "We do. Parcels take three to five days, and duties are paid by us."),
    ("Summarise this mail in one sentence.", "The customer asks for a refund of a late delivery."),
    ("Translate the answer into German, politely.", "Vielen Dank. Ihr Paket ist unterwegs."),
    ("How urgent is this, from 1 to 5?", "4: the customer travels on Saturday and needs the stove before."),
    ("Write a subject line for this reply.", "Your refund is on its way"),
    ("Explain p95 latency to a new colleague.", "Of a hundred calls, ninety-five were at least this fast."),
    ("Write SQL for the ten best customers.", "SELECT customer_id, SUM(total) FROM orders GROUP BY 1"),
    ("Why is the sky blue?", "Air scatters short wavelengths more than long ones, so the sky is blue."),
    ("请把这段评论分类：物流、质量还是价格？", "属于物流：客户主要抱怨包裹晚到了三天。"),
    ("总结一下本周的退款原因。", "主要有三类：尺码不合适、物流延误以及包装破损。"),
    ("帮我写一封简短的道歉邮件。", "您好，非常抱歉包裹延误，我们已为您安排加急补发。"),
)  # fmt: skip


class History(Seeder):
    def __init__(self, callers: list[Any]) -> None:
        self._callers = callers
        self._answer = ""
        super().__init__()

    def records(self, count: int, days: float) -> Iterator[Rows]:
        """More by day than by night."""
        now = time.time() * 1000
        for number, moment in enumerate(sorted(self._moment(now, days) for _ in range(count))):
            yield self._one(number, int(moment))

    def _moment(self, now: float, days: float) -> float:
        while True:
            moment = now - days * DAY_MILLISECONDS * self._chance.random()
            by_day = (1 - math.cos(moment / DAY_MILLISECONDS * math.tau)) / 2
            if self._chance.random() < 0.15 + 0.85 * by_day:
                return moment

    def _who(self, number: int) -> Row:
        caller = self._callers[int(len(self._callers) * self._chance.random() ** 1.6)]
        project = caller.project
        return super()._who(number) | {
            "project_id": str(project.pk) if project else "", "project": project.name if project else "",
            "key_id": str(caller.pk), "key_name": caller.name,
            "key_kind": "token" if isinstance(caller, WitheringToken) else "credential",
        }  # fmt: skip

    def _words(self, fewest: int, most: int) -> str:
        """The answer comes after its question, if it comes at all."""
        if fewest == 1:
            question, self._answer = self._chance.choice(TALKS)
            return question
        return self._answer

    def _sentence(self) -> str:
        return self._chance.choice(PROMPTS)


def write() -> None:
    callers = [*Credential.objects.exclude(project=None), *WitheringToken.objects.exclude(name="")]
    random.Random(1).shuffle(callers)
    store = Store()
    store.register(NODE)
    records = History(callers).records(RECORDS, DAYS)
    while batch := list(islice(records, BATCH)):
        store.write(batch, [], [], lambda rows, error: iter(()))
