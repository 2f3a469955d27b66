"""The process that `tests.managing` has wait: it has imported everything, and becomes what it is told to."""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from asgiref.local import Local
from django.conf import empty, settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import caches
from django.core.files.storage import storages
from django.db import connections
from setproctitle import setproctitle

from tests.managing import MANAGE, POLL_SECONDS, ROOT


def wait_for_orders(codes: Path) -> dict[str, Any]:
    """Until the other end closes. Answers each with a new process's number, and returns in that process."""
    orders = socket.socket(fileno=0)
    running: set[int] = set()
    while True:
        if select.select([orders], [], [], POLL_SECONDS if running else None)[0]:
            order = _next(orders)
            pid = os.fork()
            if pid == 0:
                orders.detach()
                return order
            running.add(pid)
            for descriptor in order["descriptors"]:
                os.close(descriptor)
            orders.sendall(str(pid).encode())
        running -= {pid for pid in running if _has_ended(pid, codes)}


def _next(orders: socket.socket) -> dict[str, Any]:
    """The next is sent when this one is answered."""
    line, descriptors = b"", list[int]()
    while not line.endswith(b"\n"):
        read, sent, *_ = socket.recv_fds(orders, 1 << 20, 16)
        if not read:
            os._exit(0)
        line += read
        descriptors += sent
    return {**json.loads(line), "descriptors": descriptors}


def _has_ended(pid: int, codes: Path) -> bool:
    found, status = os.waitpid(pid, os.WNOHANG)
    if found:
        unfinished = codes / f".{pid}"
        unfinished.write_text(str(os.waitstatus_to_exitcode(status)))
        unfinished.rename(codes / str(pid))
    return found != 0


def become(order: dict[str, Any]) -> None:
    os.setsid()
    for own, number in zip(order["descriptors"], order["numbers"], strict=True):
        if own != number:
            os.dup2(own, number)
            os.close(own)
        os.set_inheritable(number, True)
    for number, path in order["files"].items():
        opened = os.open(path, os.O_RDONLY if number == "0" else os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, int(number))
        os.close(opened)
    os.chdir(order["cwd"])
    # It finds its place by the environment as it was.
    setproctitle(" ".join((sys.executable, *order["arguments"])))
    os.environ.clear()
    os.environ.update(order["environ"])
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
    sys.path[1:1] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.argv = order["arguments"][1:] if order["module"] else order["arguments"]
    forget_settings()


def forget_settings() -> None:
    """And what Django remembers of them; our own modules read them when they are asked."""
    del sys.modules["relay.settings"]
    settings._wrapped = empty
    for handler, name in ((connections, "settings"), (caches, "settings"), (storages, "backends")):
        handler.__dict__.pop(name, None)
        setattr(handler, f"_{name}", None)
    for handler in (connections, caches):
        handler._connections = Local(handler.thread_critical)


def run_program(module: str, code: str) -> int:
    """Ends without taking two thousand modules apart, which takes longer than most commands."""
    try:
        if module:
            sys.modules.pop(module, None)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        elif code:
            exec(code, {"__name__": "__main__"})
        else:
            runpy.run_path(MANAGE, run_name="__main__")
        result: Any = 0
    except SystemExit as end:
        result = end.code or 0
    except KeyboardInterrupt:
        result = -signal.SIGINT
    except BaseException:
        traceback.print_exc()
        result = 1
    if not isinstance(result, int):
        print(result, file=sys.stderr)
        result = 1
    if settings.configured:
        connections.close_all()  # the last one writes what is in SQLite's journal into its file
    sys.stdout.flush()
    sys.stderr.flush()
    return result


def import_what_all_need() -> None:
    from relay.processes import copying

    django.setup()
    import_module(settings.ROOT_URLCONF)
    for name in copying.MODULES:
        import_module(name)
    quick_passwords()
    gc.collect()
    gc.freeze()


def quick_passwords() -> None:
    """A real hash takes half a second on purpose."""
    PBKDF2PasswordHasher.iterations = 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import_what_all_need()
    order = wait_for_orders(Path(sys.argv[1]))
    become(order)
    os._exit(run_program(order["module"], order["code"]))
