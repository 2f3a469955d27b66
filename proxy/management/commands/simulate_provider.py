from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from proxy.simulator import Simulator
from proxy.simulator.running import run
from proxy.simulator.script import BadScript, parse


class Command(BaseCommand):
    help = (
        "Runs a pretended OpenAI and Anthropic provider, to try things out without a key and without cost. "
        "A marker in any prompt makes it misbehave, for example [[sim status=429 retry_after=2]] or "
        "[[sim chunks=50 delay=20 cut=30]]; docs/simulator.md lists them. Counters are at /stats."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
        parser.add_argument("--port", type=int, default=9100, help="0 takes a free one (default %(default)s)")
        parser.add_argument("--api-key", help="the only key it accepts (default: any)")
        parser.add_argument("--name", default="simulator", help="its name, for scripts with only=NAME")
        parser.add_argument("--script", default="", help='for requests without one, e.g. "status=503"')
        parser.add_argument("--realistic", action="store_true", help="answer at the speed of a real model")
        parser.add_argument("--seed", type=int, help="of the random numbers (default: another each time)")
        parser.add_argument("--quiet", action="store_true", help="print nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            parse(options["script"])
        except BadScript as problem:
            raise CommandError(str(problem)) from None
        simulator = Simulator(
            host=options["host"],
            port=options["port"],
            name=options["name"],
            api_key=options["api_key"],
            script=options["script"],
            realistic=options["realistic"],
            seed=options["seed"],
            record=False,
        )

        async def serve(stopping: asyncio.Event) -> None:
            try:
                await simulator.start()
            except OSError as problem:
                raise CommandError(
                    f"Cannot listen on {options['host']}:{options['port']}: {problem}"
                ) from None
            if not options["quiet"]:
                self._say(f"Simulated provider answers on {simulator.base_url}")
            await stopping.wait()
            await simulator.stop()
            if not options["quiet"]:
                self._say(f"Simulated provider ends after {simulator.stats.requests} requests")

        run(serve)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
