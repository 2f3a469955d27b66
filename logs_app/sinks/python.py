"""A class of one's own: the endpoint is its dotted path, `package.module.Class`, its parent is `Sink`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from logs_app.events import Event
from logs_app.sinks.sink import DELIVERED, Delivery, Sink, SinkError, Target, Unreachable


class PythonSink(Sink):
    """Its target has the rest: key, options, and `options["endpoint"]` as its endpoint."""

    name: ClassVar[str] = "python"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        path = target.endpoint
        try:
            found = import_string(path)
        except Exception as error:  # whatever a module does when it is imported
            raise SinkError(
                _("%(path)r cannot be imported: %(words)s") % {"path": path, "words": error}
            ) from error
        if not (isinstance(found, type) and issubclass(found, Sink)):
            raise SinkError(_("%(path)s is no subclass of logs_app.sinks.Sink.") % {"path": path})
        self._own = found(replace(target, endpoint=str(target.options.get("endpoint", ""))))
        self.wants_raw = self._own.wants_raw  # type: ignore[misc]

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        delivered = self._own.deliver(events)
        if delivered is None:  # the shortest class there can be
            return [DELIVERED] * len(events)
        if len(delivered) != len(events):
            words = f"{self.target.endpoint} told of {len(delivered)} events, but was given {len(events)}."
            raise Unreachable(words)
        return delivered

    def flush(self) -> None:
        self._own.flush()

    def close(self) -> None:
        self._own.close()
