from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from relay import VERSION
from relay.environment import addresses, secretfiles
from relay.processes import copying, exclusion, programs
from relay.processes.supervisor import supervise
from relay.start import first_run

# Of Linux, 108 with the closing zero; other systems allow fewer.
LONGEST_SOCKET_PATH = 103


class Command(BaseCommand):
    help = (
        "Starts the relay: workers, console, recorder and dispatchers. "
        "SIGTERM ends it in order, SIGHUP replaces its processes one by one."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="with a simulated provider and a little traffic"
        )
        parser.add_argument(
            "--file-event-log", metavar="FILE", help="append every event to it; wins over FILE_EVENT_LOG"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started_at = time.monotonic()
        if path := options["file_event_log"]:  # for the program that dispatches: a copy, and later a new one
            settings.FILE_EVENT_LOG = Path(path).absolute()
            os.environ["FILE_EVENT_LOG"] = str(settings.FILE_EVENT_LOG)
        os.umask(0o077)  # what was said is nobody else's on this machine: database, journal, sockets, logs
        secretfiles.ensure_folder(settings.DATA_DIR)
        _refuse_long_path(settings.CONSOLE_SOCKET)
        with exclusion.only_one(settings.DATA_DIR), _listener() as listener:
            url = f"http://{addresses.url_host(settings.HOST)}:{listener.getsockname()[1]}"
            self._prepare(url, is_demo=options["demo"])
            copying.load()

            def announce() -> None:
                took = time.monotonic() - started_at
                self._say(
                    f"LLM Relay {VERSION} answers on {url}/v1 (admin: {url}/admin/) after {took:.1f} s."
                )

            descriptor = listener.fileno()
            stages = programs.demo_stages(descriptor, url) if options["demo"] else programs.stages(descriptor)
            asyncio.run(supervise(stages, announce, listener.close, programs.preparation()))

    def _prepare(self, url: str, *, is_demo: bool) -> None:
        try:
            (first_run.prepare_demo if is_demo else first_run.prepare)(url, self._say)
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}") from None
        finally:
            connections.close_all()  # this process asks no more, and PostgreSQL has so many

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _refuse_long_path(path: Path) -> None:
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise CommandError(f"{path} is too long for the path of a Unix socket. Choose a shorter DATA_DIR.")


@contextmanager
def _listener() -> Iterator[socket.socket]:
    host, port = settings.HOST, settings.PORT
    try:
        listener = addresses.listen(host, port)
    except OSError as error:
        raise CommandError(f"Cannot listen on {host} port {port}: {_reason(error)}") from None
    with listener:
        yield listener


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program uses it. Stop that program, or set PORT."
    return f"{error.strerror or error}. Check HOST and PORT."
