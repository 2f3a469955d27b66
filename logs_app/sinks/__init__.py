"""Where events go: one module for each kind of place, all with the interface of `sink`."""

from __future__ import annotations

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from logs_app.sinks.sink import Delivery, DeliveryError, Refused, Sink, SinkError, Target, Unreachable

__all__ = [
    "KINDS",
    "Delivery",
    "DeliveryError",
    "Refused",
    "Sink",
    "SinkError",
    "Target",
    "Unreachable",
    "open_sink",
]

# Imported when one is opened: each brings its own libraries.
KINDS = {
    "file": "logs_app.sinks.file.FileSink",
    "lunary": "logs_app.sinks.lunary.LunarySink",
    "helicone": "logs_app.sinks.helicone.HeliconeSink",
    "webhook": "logs_app.sinks.webhook.WebhookSink",
    "otlp": "logs_app.sinks.otlp.OtlpSink",
    "langfuse": "logs_app.sinks.langfuse.LangfuseSink",
    "python": "logs_app.sinks.python.PythonSink",
}


def open_sink(kind: str, target: Target) -> Sink:
    """Raises SinkError, whose words are for whoever chose the target."""
    if kind not in KINDS:
        raise SinkError(
            _("There is no service %(kind)r: one of %(names)s.") % {"kind": kind, "names": ", ".join(KINDS)}
        )
    sink: Sink = import_string(KINDS[kind])(target)
    return sink
