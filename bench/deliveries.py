"""Whether every event arrives while everything that brings it is killed:

    python -m bench.deliveries --events 10000 --kills 60 --bus redis

A real HTTP receiver counts; now and then it answers 503, or takes a batch and never says so. Exit code 1
when an event is missing.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[1]
KEY = "whsec_" + base64.b64encode(b"a key of the benchmark's own").decode()


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.chance = random.Random(seed)
        self.taken: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/events"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever calls is killed in the middle of it."""


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        events = json.loads(self.rfile.read(int(self.headers["content-length"])))["data"]
        fate = self.server.chance.random()
        if fate < 0.05:
            self._say(503)
            return
        self.server.taken.update(event["id"] for event in events)
        if fate < 0.08:
            self.connection.shutdown(socket.SHUT_RDWR)  # and nobody knows that they were taken
            self.close_connection = True
            return
        self._say(200)

    def _say(self, code: int) -> None:
        self.send_response(code)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def run(
    events: int, kills: int, bus: str, seconds: float, seed: int, database_url: str = ""
) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="deliveries-") as folder, Receiver(seed) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        promises = Path(folder) / "promises"
        environ = _environ(Path(folder), bus, receiver.url) | {"DATABASE_URL": database_url}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environ, check=True)
        began = time.monotonic()
        arguments = [str(events), str(kills), str(seconds), str(seed), str(promises)]
        command = [sys.executable, "-m", "bench.killing", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
        took = time.monotonic() - began
        receiver.shutdown()
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        promised = set(promises.read_text().split())
        taken = {id.replace("-", ""): count for id, count in receiver.taken.items()}
    return {
        "bus": bus,
        "events": len(promised),
        "killed": json.loads(done.stdout.splitlines()[-1]),
        "missing": len(promised - taken.keys()),
        "unknown": len(taken.keys() - promised),
        "more_than_once": sum(count > 1 for count in taken.values()),
        "seconds": round(took, 1),
    }


def _environ(folder: Path, bus: str, receiver: str) -> dict[str, str]:
    given = {
        "DATA_DIR": str(folder),
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "relay.settings",
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "LLM_PROXY_EVENT_BUS": bus,
        "REDIS_URL": f"redis://127.0.0.1:{_free_port()}/0" if bus == "redis" else "",
        "LOG_LEVEL": "error",
        "RECEIVER": receiver,
        "RECEIVER_KEY": KEY,
    }
    return os.environ | given


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main() -> int:
    parser = argparse.ArgumentParser("bench.deliveries", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--bus", choices=("database", "redis"), default="database")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long it goes on")
    parser.add_argument("--database-url", default="", help="an empty database; without it a SQLite file")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    result = run(**vars(options))
    print(json.dumps(result))
    return 1 if result["missing"] else 0


if __name__ == "__main__":
    sys.exit(main())
