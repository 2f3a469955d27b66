"""Alerts begin, are told once, and end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection, connections
from django.utils import timezone

from logs_app.alerts import evaluator, readers, telling, trying
from logs_app.alerts.evaluator import LOST_AFTER, Evaluator, apply
from logs_app.alerts.reading import Reading
from logs_app.models import AlertRule, AlertState
from tests.logs_app.alerting import calls, forget, rule
from tests.receiver import RESET, Answer, Receiver

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NO_PAUSE = timedelta(0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def failing(receiver: Receiver) -> AlertRule:
    """A rule of failed calls, told by a webhook."""
    return rule("error_rate", 20, name="Errors", webhook_url=receiver.url, webhook_secret=SECRET)


def look(**options: Any) -> None:
    Evaluator(**{"every": NO_PAUSE} | options).look()


def told(receiver: Receiver) -> list[str]:
    return [request.json["type"] for request in receiver.requests]


def later(**changes: Any) -> None:
    """As if the last notice, or claim, were long ago."""
    AlertState.objects.update(claimed_until=None, **changes)


def test_an_alert_is_told_once_and_so_is_its_end(failing: AlertRule, receiver: Receiver) -> None:
    calls(10, outcome="failed")
    for _ in range(3):
        look()
    assert told(receiver) == ["alert.opened"]
    calls(35)  # 22 %: better, but not over
    look()
    assert told(receiver) == ["alert.opened"]
    forget()
    calls(10)
    for _ in range(3):
        look()
    assert told(receiver) == ["alert.opened", "alert.resolved"]
    state = AlertState.objects.get()
    assert (state.is_open, state.news, state.value) == (False, "", 0.0)
    assert state.opened_at < state.resolved_at


def test_a_restart_tells_nothing_again(failing: AlertRule, receiver: Receiver) -> None:
    calls(10, outcome="failed")
    for _ in range(2):
        Evaluator(every=NO_PAUSE).look()
    assert told(receiver) == ["alert.opened"]


def test_what_is_told_is_for_people_and_programs(
    failing: AlertRule, receiver: Receiver, settings: LazySettings
) -> None:
    settings.PROXY_BASE_URL = "https://relay.example/v1"
    calls(10, outcome="failed")
    look()
    (request,) = receiver.requests
    body = request.json
    title, words, link = body["text"].splitlines()
    assert (title, words) == ("Alert: Errors", "100.0 %: 10 of 10 calls failed in the last 5 minutes.")
    facts = {"rule": "Errors", "status": "opened", "value": 100.0, "threshold": 20, "link": link}
    assert body["data"].items() >= facts.items()
    assert link.startswith("https://relay.example/admin/logs_app/logrecord/?since=")
    assert request.headers["webhook-signature"].startswith("v1,")
    assert request.headers["webhook-id"].startswith("alert_")


def test_e_mail_is_sent_to_all(failing: AlertRule, settings: LazySettings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    AlertRule.objects.update(emails=["a@example.com", "b@example.com"], webhook_url="")
    calls(10, outcome="failed")
    look()
    (sent,) = mail.outbox
    assert sent.to == ["a@example.com", "b@example.com"]
    assert sent.subject == "[LLM Relay] Alert: Errors"
    assert "10 of 10 calls failed" in sent.body and "/admin/logs_app/logrecord/" in sent.body


def test_who_was_not_reached_is_told_later_and_the_others_not_again(
    failing: AlertRule, receiver: Receiver, settings: LazySettings
) -> None:
    AlertRule.objects.update(emails=["a@example.com"])
    calls(10, outcome="failed")
    look()
    state = AlertState.objects.get()
    assert (state.news, state.reached, state.error) == ("opened", "webhook", "email: EMAIL_URL is not set")
    settings.EMAIL_URL = "smtp://mail.example"
    look()
    assert mail.outbox == []  # claimed: a minute lies between two tries
    later()
    look()
    assert (len(mail.outbox), told(receiver)) == (1, ["alert.opened"])
    assert AlertState.objects.get().error == ""


@pytest.mark.parametrize("fault", [RESET, Answer(500), Answer(404)])
def test_a_webhook_that_fails_is_called_again(failing: AlertRule, receiver: Receiver, fault: Any) -> None:
    receiver.answers = [fault]
    calls(10, outcome="failed")
    look()
    assert AlertState.objects.get().error.startswith("webhook: 127.0.0.1")
    later()
    look()
    first, again = (request.headers["webhook-id"] for request in receiver.requests)
    assert first == again
    assert AlertState.objects.get().news == ""


def test_the_end_of_what_nobody_heard_of_is_not_told(failing: AlertRule, receiver: Receiver) -> None:
    receiver.answers = [Answer(500)]
    calls(10, outcome="failed")
    look()
    later()
    forget()
    calls(10)
    AlertState.objects.update(claimed_until=None)
    look()
    assert told(receiver) == ["alert.opened"]
    assert AlertState.objects.get().news == ""


def test_the_same_is_quiet_for_a_while(failing: AlertRule, receiver: Receiver) -> None:
    now = timezone.now()
    bad, good = Reading("bad", 50.0, begins=True), Reading("good", 0.0, ends=True)
    for reading in (bad, good, bad):
        apply(failing, [reading], now)
        look_after_news()
    assert told(receiver) == ["alert.opened", "alert.resolved"]
    state = AlertState.objects.get()
    assert (state.is_open, state.news) == (True, "opened")
    later(told_at=now - timedelta(minutes=31))
    look_after_news()
    assert told(receiver) == ["alert.opened", "alert.resolved", "alert.opened"]


def look_after_news() -> None:
    """Without another look at the calls."""
    AlertRule.objects.update(evaluated_at=timezone.now())
    look(every=timedelta(hours=1))


def test_what_is_gone_is_closed_without_a_word(failing: AlertRule, receiver: Receiver) -> None:
    now = timezone.now()
    apply(
        failing, [Reading("key a", begins=True, subject="a"), Reading("key b", begins=True, subject="b")], now
    )
    apply(failing, [Reading("key b", begins=True, subject="b")], now)
    look_after_news()
    assert [request.json["data"]["subject"] for request in receiver.requests] == ["b"]


def test_what_another_machine_saw_is_its_own(failing: AlertRule) -> None:
    AlertState.objects.create(rule=failing, subject="p", node="elsewhere", is_open=True)
    apply(failing, [], timezone.now())
    assert AlertState.objects.get().is_open


def test_what_a_machine_saw_that_is_gone_is_closed_without_a_word(
    failing: AlertRule, receiver: Receiver
) -> None:
    now = timezone.now()
    for node, ago in (("gone", LOST_AFTER + timedelta(minutes=1)), ("busy", timedelta(minutes=5))):
        reading = Reading("Set aside", begins=True, subject="p", node=node)
        apply(failing, [reading], now - ago)
    later(news="")
    look_after_news()
    assert [state.node for state in AlertState.objects.filter(is_open=True)] == ["busy"]
    assert told(receiver) == []


def test_a_rule_that_is_off_is_silent(failing: AlertRule, receiver: Receiver) -> None:
    calls(10, outcome="failed")
    look()
    AlertRule.objects.update(is_enabled=False)
    forget()
    look()
    assert told(receiver) == ["alert.opened"]
    assert not AlertState.objects.get().is_open


def test_a_rule_that_cannot_be_read_says_why_and_stops_no_other(
    failing: AlertRule, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = rule("latency", 5, name="A first one")
    monkeypatch.setitem(readers.READERS, "latency", lambda rule, now: 1 / 0)
    calls(10, outcome="failed")
    look()
    broken.refresh_from_db()
    assert broken.evaluation_error == "ZeroDivisionError: division by zero"
    assert told(receiver) == ["alert.opened"]
    monkeypatch.undo()
    look()
    broken.refresh_from_db()
    assert broken.evaluation_error == ""


def test_a_turn_is_one_evaluator_s(failing: AlertRule, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setitem(readers.READERS, "error_rate", lambda rule, now: seen.append("look") or [])
    for _ in range(3):
        look(every=timedelta(hours=1))
    assert seen == ["look"]


def test_nobody_to_tell_is_no_error(failing: AlertRule) -> None:
    AlertRule.objects.update(webhook_url="")
    calls(10, outcome="failed")
    look()
    state = AlertState.objects.get()
    assert (state.is_open, state.news, state.error) == (True, "", "")


def test_a_look_tells_what_would_be_told_and_changes_nothing(failing: AlertRule, receiver: Receiver) -> None:
    calls(10, outcome="failed")
    (found,) = trying.findings(failing)
    assert (found["verdict"], found["value"]) == ("begins", 100.0)
    assert trying.send(failing) == (["webhook"], "")
    (request,) = receiver.requests
    assert request.json["type"] == "alert.test"
    assert request.json["text"].startswith("Test of an alert: Errors")
    assert not AlertState.objects.exists()


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("", False),
        ("https://chat.example/hook/abc", False),
        ("chat.example", True),
        ("http://metadata/", True),
    ],
)
def test_an_address_of_a_webhook_can_be_one(url: str, is_refused: bool) -> None:
    assert bool(telling.refusal_of(url)) == is_refused


def test_it_looks_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    stop, looks = threading.Event(), []

    def fail(self: Evaluator) -> None:
        looks.append(1)
        if len(looks) == 2:
            stop.set()
        raise RuntimeError("a defect")

    monkeypatch.setattr(evaluator, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(evaluator.connections, "close_all", lambda: None)
    monkeypatch.setattr(Evaluator, "look", fail)
    Evaluator().run(stop)
    assert len(looks) == 2
    assert "a defect" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_evaluators_at_once_tell_once(failing: AlertRule, receiver: Receiver) -> None:
    calls(10, outcome="failed")
    in_threads(look, 4)
    assert told(receiver) == ["alert.opened"]
    forget()
    calls(10)
    in_threads(look, 4)
    assert told(receiver) == ["alert.opened", "alert.resolved"]


def in_threads(work: Callable[[], None], count: int) -> None:
    """All begin together; what one raises is the test's."""
    barrier, faults = threading.Barrier(count), []

    def run() -> None:
        try:
            barrier.wait()
            work()
        except Exception as error:
            faults.append(error)
        finally:
            connections[connection.alias].close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
