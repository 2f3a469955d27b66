"""What a dispatcher needs to be run: out of a row, the command line or FILE_EVENT_LOG."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.secrets.encryption import DecryptionError
from logs_app.dispatching import filtering
from logs_app.dispatching.filtering import BadFilter
from logs_app.events.subscriptions import Beginning
from logs_app.models import Dispatcher
from logs_app.models.dispatchers import BATCH_SIZE
from logs_app.sinks import SinkError, Target, open_sink

FOLDER = "events"
# Of a row, what a plan is made of.
COLUMNS = ("name", "service", "endpoint", "api_key", "options", "filter")


class BadPlan(Exception):
    """Words, and the name of what they are about: `endpoint`, `api_key`, `options`, `filter` or `service`."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    service: str
    target: Target
    beginning: Beginning
    filter: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = BATCH_SIZE
    problem: str = ""  # with it, it can only be looked at

    def check(self) -> None:
        """Raises BadPlan. Nothing is connected to."""
        if self.problem:
            raise BadPlan(self.problem, "endpoint")
        try:
            open_sink(self.service, self.target).close()
        except SinkError as error:
            raise BadPlan(str(error), error.field) from None
        try:
            filtering.narrow(self.filter)
        except BadFilter as error:
            raise BadPlan(str(error), "filter") from None


def default_name(service: str, endpoint: str) -> str:
    return f"{service}:{endpoint}" if endpoint else service


def of_row(row: Dispatcher) -> Plan:
    target, problem = Target(row.endpoint, "", row.options), ""
    try:
        target = Target(_endpoint(row), row.api_key or "", row.options)
    except (DecryptionError, BadPlan) as error:
        problem = str(error)
    return Plan(row.name, row.service, target, "now", row.filter, row.batch_size, problem)


def of_file(path: Path) -> Plan:
    endpoint = str(path)
    return Plan(default_name("file", endpoint), "file", Target(endpoint), "oldest")


def _endpoint(row: Dispatcher) -> str:
    """Whoever may change a row must not write wherever the relay may."""
    if row.service != "file" or not row.endpoint:
        return row.endpoint
    folder = settings.DATA_DIR / FOLDER
    path = Path(os.path.abspath(folder / row.endpoint))
    if not path.is_relative_to(folder) or path == folder:
        raise BadPlan(
            _("Name a file below %(folder)s, such as events.jsonl.") % {"folder": folder}, "endpoint"
        )
    return str(path)
