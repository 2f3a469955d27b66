"""A place of one's own: JSON of many events, signed as Standard Webhooks has it.

The key is the secret of the signature. A batch that comes again has the same `webhook-id`; events have ids of
their own for those who sort them out one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

from django.utils.translation import gettext as _

from logs_app.events import Event
from logs_app.sinks import options, portions, signing
from logs_app.sinks.client import Client, address
from logs_app.sinks.sink import DELIVERED, Delivery, Sink, SinkError, Target

TYPE = "exchange.recorded"


class WebhookSink(Sink):
    name: ClassVar[str] = "webhook"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        options.check(target)
        if not target.endpoint:
            raise SinkError(_("Name the URL that the events are sent to."))
        self._client = Client(address(target.endpoint, "", ""), secret=target.api_key)

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        """All of them in one request, unless they are too long."""
        sent = 0
        for portion in portions.cut(event.as_json() for event in events):
            self._send(portion, events[sent : sent + len(portion)])
            sent += len(portion)
        return [DELIVERED] * len(events)

    def _send(self, documents: Sequence[bytes], events: Sequence[Event]) -> None:
        body = b'{"type":"%b","data":[%b]}' % (TYPE.encode(), b",".join(documents))
        ids = "\n".join(event.id for event in events)
        id = f"msg_{hashlib.blake2b(ids.encode(), digest_size=16).hexdigest()}"
        signed = signing.headers(self.target.api_key, id, body)
        self._client.post(body, signed | {"idempotency-key": id})

    def close(self) -> None:
        self._client.close()
