"""The provider's answer: its head at once, its body as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import httpx

from ..errors import MidStream
from ..headers import RawHeaders, holds

_LONGEST_START_BYTES = 64 * 1024


class Answer:
    def __init__(self, response: httpx.Response, idle_seconds: float | None) -> None:
        self.status = response.status_code
        self.headers: RawHeaders = [(name.lower(), value) for name, value in response.headers.raw]
        self._stream = response.stream
        self._iterator = aiter(response.stream)  # type: ignore[arg-type]
        self._pushed_back: list[bytes] = []  # the next one last
        self._idle_seconds = idle_seconds
        self._asked_at: float | None = None  # when the part we are waiting for was asked for
        self._is_late = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_event_stream(self) -> bool:
        """Whether it can be read as one: an encoded one cannot."""
        return holds(self.headers, b"text/event-stream")

    @property
    def is_json(self) -> bool:
        return holds(self.headers, b"application/json")

    async def parts(self) -> AsyncGenerator[bytes]:
        """The body undecoded, in pieces as they come. Raises MidStream when it breaks off."""
        while self._pushed_back:
            yield self._pushed_back.pop()
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        self._check_idle()
        try:
            async for part in self._iterator:
                self._asked_at = None
                yield part
                self._asked_at = loop.time()
        except (MidStream, httpx.TransportError) as error:
            self.close()
            if self._is_late:
                words = f"no byte came for {self._idle_seconds:g} seconds"
                raise MidStream("upstream_timeout", words) from error
            if isinstance(error, MidStream):
                raise
            raise MidStream("upstream_truncated", str(error) or type(error).__name__) from error
        finally:
            if self._timer is not None:
                self._timer.cancel()

    async def read(self, limit_bytes: int) -> bytes:
        """The body, or its first `limit_bytes`. What fails here is closed."""
        collected = bytearray()
        try:
            async with aclosing(self.parts()) as parts:
                async for part in parts:
                    collected += part
                    if len(collected) >= limit_bytes:
                        break
        except BaseException:
            self.close()
            raise
        return bytes(collected)

    async def read_until(self, found: Callable[[bytes], object]) -> bytes:
        """The start of the body, until something is found in it; all of it will come again."""
        held: list[bytes] = []
        async with aclosing(self.parts()) as parts:
            async for part in parts:
                held.append(part)
                if found(b"".join(held)) or sum(map(len, held)) > _LONGEST_START_BYTES:
                    break
        self.unread(*held)
        return b"".join(held)

    def unread(self, *parts: bytes) -> None:
        """Put back what was taken, to come again before the rest."""
        self._pushed_back += reversed(parts)

    def close(self) -> None:
        # Closing before the end resets the connection, which is what stops the provider.
        if self._timer is not None:
            self._timer.cancel()
        if close := getattr(self._stream, "close", None):
            close()

    def _check_idle(self) -> None:
        """One lazy timer instead of one for each part, and no time runs while the client is slow."""
        if self._idle_seconds is None:
            return
        now = asyncio.get_running_loop().time()
        wait = (self._asked_at or now) + self._idle_seconds - now
        if wait <= 0:
            self._is_late = True
            self.close()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait, self._check_idle)
