"""The programs that make up a running relay, in the order in which they end."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from django.conf import settings

from relay.processes.process import Program
from relay.processes.supervisor import Child

MANAGE = str(settings.BASE_DIR / "manage.py")
# What a worker needs beyond GRACE_SECONDS to end its streams and close its journal.
MARGIN_SECONDS = 10.0
# The recorder stores what is left in the journal; what it does not manage waits there for the next start.
DRAIN_SECONDS = 60.0
# Dispatchers deliver what is there; the rest waits in the database.
FLUSH_SECONDS = 20.0


def stages(listener_fd: int) -> list[list[Child]]:
    """First whoever produces exchanges, then the recorder, so that it sees the last of them, and then whoever
    tells others of them.
    """
    workers = [Child(partial(worker, listener_fd, number)) for number in range(settings.WORKERS)]
    return [
        [*workers, Child(lambda turn: console())],
        [Child(lambda turn: recorder())],
        [Child(lambda turn: dispatchers())],
    ]


def demo_stages(listener_fd: int, url: str) -> list[list[Child]]:
    """The visitors leave first; the provider stays until nobody calls it any more."""
    return [[Child(lambda turn: traffic(url))], *stages(listener_fd), [Child(lambda turn: provider())]]


def worker(listener_fd: int, number: int, turn: int) -> Program:
    """Each has two slots, so that a replacement never shares one with the process it replaces."""
    slot = number + turn * settings.WORKERS
    command = ("-m", "relay.worker", "--fd", str(listener_fd), "--slot", str(slot))
    grace = settings.GRACE_SECONDS + MARGIN_SECONDS
    return Program(
        f"worker {slot}",
        command,
        grace,
        fds=(listener_fd,),
        may_overlap=True,
        says_ready=True,
        may_be_copy=True,
    )


def console() -> Program:
    command = ("-m", "relay.worker", "--console", str(settings.CONSOLE_SOCKET))
    grace = settings.GRACE_SECONDS + MARGIN_SECONDS
    return Program("console", command, grace, says_ready=True, may_be_copy=True)


def recorder() -> Program:
    return Program("recorder", (MANAGE, "record"), DRAIN_SECONDS, may_be_copy=True)


def dispatchers() -> Program:
    return Program("dispatchers", (MANAGE, "dispatch"), FLUSH_SECONDS, may_be_copy=True)


def preparation() -> Program:
    """What a start does before its children: on SIGHUP their code may be newer than this process's."""
    return Program("migrate", (MANAGE, "migrate", "--all-databases"), DRAIN_SECONDS)


def provider() -> Program:
    port = urlsplit(settings.TARGET_BASE_URL).port or 0
    command = (MANAGE, "simulate_provider", "--realistic", "--quiet", "--port", str(port))
    return Program("simulated provider", command, MARGIN_SECONDS, port=port)


def traffic(url: str) -> Program:
    command = (MANAGE, "simulate_traffic", "--quiet", "--base-url", f"{url}/v1")
    return Program("simulated traffic", command, MARGIN_SECONDS)
