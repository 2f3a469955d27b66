"""The ways to people, each for itself: who was reached is not told again because another one was not."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from contextlib import closing

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from accounts.secrets.encryption import DecryptionError
from logs_app.alerts.message import Message
from logs_app.sinks import SinkError, signing
from logs_app.sinks.client import Client, address
from logs_app.sinks.sink import DeliveryError

SECONDS = 10.0

log = logging.getLogger(__name__)


class NotTold(Exception):
    """Words for whoever looks after the rule."""


def tell(message: Message, reached: str = "") -> tuple[str, str]:
    """Who was reached, those before included, and why the others were not."""
    told, faults = set(reached.split()), []
    for name, way in WAYS.items():
        if name in told:
            continue
        try:
            if way(message):
                told.add(name)
        except NotTold as error:
            log.warning("Alert '%s' could not be told by %s: %s", message.rule, name, error)
            faults.append(f"{name}: {error}")
    return " ".join(sorted(told)), "; ".join(faults)


def refusal_of(url: str) -> str | None:
    """Why this is no address of a webhook; nothing is none."""
    try:
        address(url or "https://none.example", "", "")
    except SinkError as error:
        return str(error)
    return None


def by_webhook(message: Message) -> bool:
    """False: there is none."""
    try:
        url, secret = message.rule.webhook_url, message.rule.webhook_secret
    except DecryptionError as error:
        raise NotTold(_("the webhook cannot be decrypted: enter it again")) from error
    if not url:
        return False
    body = message.as_json()
    try:
        with closing(Client(address(url, "", ""), secret=secret, seconds=SECONDS)) as client:
            client.post(body, signing.headers(secret, message.id, body))
    except (SinkError, DeliveryError) as error:
        raise NotTold(str(error)) from error
    return True


def by_email(message: Message) -> bool:
    if not message.rule.emails:
        return False
    if not settings.EMAIL_URL:
        raise NotTold(_("EMAIL_URL is not set"))
    mail = EmailMessage(message.title, message.text, to=message.rule.emails)
    mail.extra_headers = {"Message-ID": f"<{message.id}.{settings.NODE_ID}@llm-relay>"}
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        raise NotTold(str(error)) from error
    return True


WAYS: dict[str, Callable[[Message], bool]] = {"webhook": by_webhook, "email": by_email}
