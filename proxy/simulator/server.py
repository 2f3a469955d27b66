"""The simulated provider as a server: in a test, in a thread of its own, or behind `simulate_provider`."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
import threading
from collections import Counter
from dataclasses import replace
from types import TracebackType

from proxy.simulator import errors, faults, routes, script
from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal
from proxy.simulator.protocol import Connection
from proxy.simulator.received import Received
from proxy.simulator.replies import Answer
from proxy.simulator.script import NOTHING, BadScript, Script
from proxy.simulator.shelves import Shelves
from proxy.simulator.stats import Stats

# Bursts of hundreds of connections must not wait for a repeated SYN.
BACKLOG = 2048
THREAD_SECONDS = 10
# A human reader would call this a quick model: 30 to 80 tokens a second after a moment of thought.
REALISTIC_TOKENS_PER_SECOND = (30, 80)
REALISTIC_TTFT_MS = (180, 700)


class Simulator:
    """`async with Simulator() as sim:` serves in the running loop, `with Simulator() as sim:` in a thread."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str = "simulator",
        api_key: str | None = None,
        script: str = "",
        realistic: bool = False,
        record: bool = True,
        seed: int | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port, self.name = host, port, name
        self.api_key = api_key
        self.script = script
        """For every request that brings none of its own; may be changed while serving."""
        self.realistic = realistic
        self.record = record
        self.requests: list[Received] = []
        # Ids never repeat from one start to the next, unless a seed asks for exactly that.
        seed = secrets.randbits(32) if seed is None else seed
        self.shelves = Shelves(seed)
        self.stats = Stats()
        self.connections: set[Connection] = set()
        self._ssl_context = ssl_context
        self._random = random.Random(seed)
        self._id_salt = random.Random(seed).getrandbits(96) << 32
        self._seen: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def origin(self) -> str:
        return f"{'https' if self._ssl_context else 'http'}://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), self.host, self.port, backlog=BACKLOG, ssl=self._ssl_context
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuses new connections and drops those there are. `start` opens the same port again."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        playing = [connection.playing for connection in self.connections if connection.playing]
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.gather(*playing, return_exceptions=True)
        await server.wait_closed()
        while self.connections:  # noqa: ASYNC110 - a turn or two of the loop, not a wait
            await asyncio.sleep(0)

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Simulator:
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name=self.name, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), loop).result(THREAD_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None and self._thread is not None
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(THREAD_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(THREAD_SECONDS)
        self._loop.close()

    def remember(self, entry: Received) -> Received:
        self.requests.append(entry)
        return entry

    def make_request_id(self, number: int) -> int:
        return self._id_salt + number

    def answer(self, call: Call) -> Answer:
        if call.path == "/stats":
            return self.stats.show()
        try:
            call.script = self._choose_script(call)
            answer = self._refuse_key(call) or faults.fail(call) or self._endpoint(call)
        except Refusal as refusal:
            answer = errors.answer(refusal, call.is_messages)
        except BadScript as problem:
            call.script = NOTHING
            answer = errors.answer(Refusal(400, str(problem), code="bad_script"), call.is_messages)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            # A shape no real client sends; the provider calls it the client's fault, and so do we.
            answer = errors.answer(Refusal(400, f"Invalid request: {problem!r}"), call.is_messages)
        self._add_headers(call, answer)
        return answer

    def _endpoint(self, call: Call) -> Answer:
        endpoint, arguments = routes.find(call.head.method, call.segments)
        answer = endpoint(call, *arguments)
        if call.script.status is not None:
            answer.status = call.script.status
        return answer

    def _refuse_key(self, call: Call) -> Answer | None:
        if self.api_key is None:
            return None
        fields = call.head.fields
        given = fields.get("authorization", "").removeprefix("Bearer ")
        given = given or fields.get("x-api-key", "") or fields.get("api-key", "")
        if given == self.api_key:
            return None
        shown = f"{given[:8]}{'*' * 8}{given[-4:]}"
        message = (
            f"Incorrect API key provided: {shown}. You can find your API key at "
            "https://platform.openai.com/account/api-keys."
            if given
            else "You didn't provide an API key."
        )
        return errors.answer(Refusal(401, message, code="invalid_api_key"), call.is_messages)

    def _choose_script(self, call: Call) -> Script:
        words = call.head.fields.get("x-simulate")
        if words is None:
            words = script.find(call.words)
        if words is None:
            words = self.script
        chosen = script.parse(words) if words else NOTHING
        if (chosen.only and chosen.only != self.name) or not self._is_its_turn(chosen, words):
            chosen = NOTHING
        return self._pace(chosen) if self.realistic else chosen

    def _is_its_turn(self, chosen: Script, words: str) -> bool:
        if chosen.times is None and chosen.skip is None:
            return True
        before = self._seen[words]
        self._seen[words] += 1
        first = chosen.skip or 0
        return before >= first and (chosen.times is None or before < first + chosen.times)

    def _pace(self, chosen: Script) -> Script:
        speed = self._random.uniform(*REALISTIC_TOKENS_PER_SECOND)
        ttft = self._random.uniform(*REALISTIC_TTFT_MS)
        delay = 1000 / speed if chosen.delay is None else chosen.delay
        return replace(chosen, delay=delay, ttft=ttft if chosen.ttft is None else chosen.ttft)

    def _add_headers(self, call: Call, answer: Answer) -> None:
        if call.script.retry_after is not None:
            answer.headers.append(("retry-after", call.script.retry_after))
        if call.script.retry_after_ms is not None:
            answer.headers.append(("retry-after-ms", call.script.retry_after_ms))
