"""All dispatchers of a relay in one process, each in a thread of its own: those of the rows, and the file of
FILE_EVENT_LOG. It follows the rows as they change.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connections

from logs_app.dispatching import plan
from logs_app.dispatching.plan import BadPlan, Plan
from logs_app.dispatching.pulse import Pulse
from logs_app.dispatching.work import at_work
from logs_app.events import feed, subscriptions
from logs_app.models import Dispatcher

FOLLOW_SECONDS = 1.0
# After something nobody foresaw, or a target that cannot be used.
AGAIN_SECONDS = 15.0
# A sink that hangs is left alone after it; its events come again.
JOIN_SECONDS = 15.0

log = logging.getLogger(__name__)


class Fleet:
    def __init__(self, read: Callable[[], list[Plan]] | None = None) -> None:
        self._read = read or plans
        self._pulse = Pulse()
        self._crews: dict[str, Crew] = {}

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.follow()
            stop.wait(FOLLOW_SECONDS)
        self._end(list(self._crews))
        self._pulse.close()

    def follow(self) -> None:
        """Failure policy: while the rows cannot be read, everybody goes on."""
        try:
            wanted = {each.name: each for each in self._read()}
        except Error as error:
            connections.close_all()
            log.warning("The dispatchers stay as they are: %s", error)
            return
        self._end([name for name, crew in self._crews.items() if wanted.get(name) != crew.plan])
        for name, each in wanted.items():
            if name not in self._crews:
                self._crews[name] = Crew(each, self._pulse)

    def _end(self, names: list[str]) -> None:
        crews = [self._crews.pop(name) for name in names]
        for crew in crews:
            crew.stop.set()
        for crew in crews:
            crew.thread.join(JOIN_SECONDS)


class Crew:
    def __init__(self, plan: Plan, pulse: Pulse) -> None:
        self.plan, self._pulse = plan, pulse
        self.stop = threading.Event()
        # A daemon: the process must end although a sink hangs.
        self.thread = threading.Thread(target=self._run, name=plan.name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            while not self.stop.is_set():
                self._work()
        finally:
            connections.close_all()

    def _work(self) -> None:
        """Failure policy: what one of them dies of is nothing to the others."""
        name = self.plan.name
        try:
            if self.plan.problem:
                raise BadPlan(self.plan.problem, "")
            with at_work(self.plan, self._pulse, self.stop) as dispatcher:
                dispatcher.run()
        except BadPlan as error:
            log.error("%s cannot begin: %s", name, error)
            self._tell(str(error))
        except Exception as error:
            log.exception("%s ended, and begins again.", name)
            self._tell(f"{type(error).__name__}: {error}")
        else:
            return
        self.stop.wait(AGAIN_SECONDS)

    def _tell(self, reason: str) -> None:
        try:
            subscriptions.begin(self.plan.name, self.plan.beginning)
            subscriptions.fail(self.plan.name, reason)
        except Error as error:
            connections[feed.alias()].close()
            log.warning("Nor can that be noted: %s", error)


def plans() -> list[Plan]:
    found = [plan.of_file(settings.FILE_EVENT_LOG)] if settings.FILE_EVENT_LOG else []
    return found + [plan.of_row(row) for row in Dispatcher.objects.filter(is_enabled=True)]
