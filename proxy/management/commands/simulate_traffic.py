from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from proxy.simulator.running import run
from proxy.simulator.traffic import Traffic


class Command(BaseCommand):
    help = (
        "Sends a little steady traffic to a relay until it is stopped: chats in two languages, streams, "
        "tools, pictures, embeddings, some errors, some clients that leave early. Point it at a relay whose "
        "provider is simulated: real providers charge for it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1", help="default %(default)s")
        parser.add_argument("--api-key", help="a key of the relay (default: the variable PROXY_KEY)")
        parser.add_argument(
            "--rate", type=float, default=2.0, help="requests per second (default %(default)s)"
        )
        parser.add_argument("--seed", type=int, help="of the random numbers (default: another each time)")
        parser.add_argument("--quiet", action="store_true", help="print nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        api_key = options["api_key"] or os.environ.get("PROXY_KEY", "")
        if not api_key:
            raise CommandError("No key: give --api-key or set PROXY_KEY.")
        if options["rate"] <= 0:
            raise CommandError("--rate must be greater than 0.")
        traffic = Traffic(options["base_url"], api_key, options["rate"], options["seed"], self._say)
        self._is_quiet = options["quiet"]
        run(traffic.run)

    def _say(self, text: str) -> None:
        if not self._is_quiet:
            self.stdout.write(text)
            self.stdout.flush()
