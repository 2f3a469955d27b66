"""The socket between `serve` and each child: a child says it is ready, and learns that its parent is gone,
and whether another one serves in its place already.

A child whose parent died (kill -9 too: the kernel closes the socket) sends itself SIGTERM, which every role
understands: a worker lets its requests finish, the recorder drains, and both exit.
"""

from __future__ import annotations

import os
import signal
import socket
import threading

FD_VARIABLE = "RELAY_LIFELINE_FD"
SUCCESSOR_VARIABLE = "RELAY_IS_SUCCESSOR"
READY = b"ready"

# Another process serves until this one is ready: one that cannot do its work should end, and let it.
is_successor = False
_lifeline: socket.socket | None = None


def hold() -> None:
    """Call at the start of a process that `serve` may have started; without a parent it does nothing."""
    global _lifeline, is_successor
    is_successor = bool(os.environ.pop(SUCCESSOR_VARIABLE, ""))
    descriptor = os.environ.pop(FD_VARIABLE, "")
    if descriptor:
        _lifeline = socket.socket(fileno=int(descriptor))
        os.set_inheritable(_lifeline.fileno(), False)
        threading.Thread(target=_stop_with_parent, args=(_lifeline,), name="lifeline", daemon=True).start()


def say_ready() -> None:
    if _lifeline is not None:
        try:
            _lifeline.sendall(READY)
        except OSError:
            return  # the parent is gone; the thread below has noticed


def _stop_with_parent(lifeline: socket.socket) -> None:
    try:
        while lifeline.recv(16):
            continue
    except OSError:
        pass  # reset is an end too
    os.kill(os.getpid(), signal.SIGTERM)
