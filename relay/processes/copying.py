"""A child of `serve` as a copy of it: what all of them import is imported once, and lies in memory once.

Five interpreters of their own took nine seconds of processor time to start, and each its 80 to 130 MB. So it
is three seconds, and 210 MB for all of them.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.conf import settings
from setproctitle import setproctitle

# The heaviest of what the children import. Not Daphne, nor anything else that makes an event loop or threads:
# two processes cannot share them.
MODULES = (
    "uvloop",
    "twisted.internet.tcp",
    "twisted.internet.unix",
    "autobahn.twisted.websocket",
    "channels.routing",
    "csp.middleware",
    "servestatic.middleware",
    "twisted.web.http",
    "proxy.lane",
    "logs_app.live.consumers",
    "relay.urls",
    "relay.metrics.publishing",
    "logs_app.management.commands.record",
    "logs_app.management.commands.dispatch",
)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

_is_loaded = False


def load() -> None:
    """Before the first child. Where system libraries do not survive a copy, as on macOS, it does nothing."""
    global _is_loaded
    if sys.platform == "linux":
        for name in MODULES:
            import_module(name)
        gc.collect()
        gc.freeze()  # the collector would write to pages that are shared
        _is_loaded = True


def forget() -> None:
    """From now on the code on the disk may be newer than what was loaded."""
    global _is_loaded
    _is_loaded = False


def is_loaded() -> bool:
    return _is_loaded


class Copy(multiprocessing.get_context("fork").Process):  # type: ignore[misc]
    """Runs `command`, which is what would follow `python`. It has the methods of `subprocess.Popen`."""

    pid: int

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], fds: Iterable[int]) -> None:
        # If `serve` ends by an error of its own, a daemon is told to end too.
        super().__init__(target=_run, args=(command, environ, fds), daemon=True)
        with _signals_wait():
            self.start()

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self) -> int:
        self.join()
        return self.exitcode or 0

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """One that came to the copy too early would wake the event loop that it was copied from."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(command: Sequence[str], environ: Mapping[str, str], fds: Iterable[int]) -> Any:
    """In the copy. The frames below this one never go on, so what they hold is never closed or collected."""
    gc.freeze()
    multiprocessing.current_process().daemon = False  # own processors and sinks may start processes
    logging.shutdown()  # the program configures it again, with files of its own
    _forget_signals()
    _close_all_but(fds)
    os.setsid()
    os.chdir(settings.BASE_DIR)
    setproctitle(" ".join((sys.executable, *command)))  # it finds its place by the environment as it was
    os.environ.clear()
    os.environ.update(environ)
    if command[0] == "-m":
        sys.argv = [command[1], *command[2:]]
        return runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    sys.argv = list(command)
    return runpy.run_path(command[0], run_name="__main__")


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _close_all_but(fds: Iterable[int]) -> None:
    """Above all the lifelines of other children: while one holds them they would not see their parent die."""
    first = 3
    for kept in (*sorted(fds), os.sysconf("SC_OPEN_MAX")):
        os.closerange(first, kept)
        first = kept + 1
