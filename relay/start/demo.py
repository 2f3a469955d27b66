"""`serve --demo`: a relay of its own in data/demo, with a simulated provider and a little traffic."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from relay.environment import secretfiles
from relay.environment.variables import TABLE

ROOT = Path(__file__).resolve().parent.parent.parent
# Where it listens and how it logs may be chosen; everything else would reach into the real installation.
KEPT = ("HOST", "PORT", "LISTEN_ADDR", "WORKERS", "LOG_LEVEL", "LOG_FORMAT")


def isolate(environ: MutableMapping[str, str]) -> None:
    """Before the settings load: nothing of the real data, database or providers is in reach of the demo."""
    folder = data_dir(environ)
    for variable in TABLE.values():
        if variable.name not in KEPT:
            for name in (variable.name, *variable.aliases):
                environ.pop(name, None)
                environ.pop(f"{name}_FILE", None)
    environ["ENV_FILE"] = os.devnull
    environ["DATA_DIR"] = str(folder)
    environ["TARGET_BASE_URL"] = f"http://127.0.0.1:{_free_port()}/v1"
    environ["TARGET_API_KEY"] = "simulated"
    environ["DEFAULT_MODEL"] = "gpt-4o-mini"
    # Kept, so that the next demo prints the same ones.
    environ["PROXY_KEY"] = secretfiles.read_or_create(folder, "proxy_key", _new_proxy_key)
    environ["ADMIN_PASSWORD"] = secretfiles.read_or_create(folder, "admin_password", _new_password)


def data_dir(environ: Mapping[str, str]) -> Path:
    return ROOT / (environ.get("DATA_DIR") or "data") / "demo"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _new_proxy_key() -> str:
    return "sk-demo-" + secrets.token_urlsafe(24)


def _new_password() -> str:
    return secrets.token_urlsafe(12)
