"""The steps of a route one after the other, each on what the one before made of the request.

Failure policy: a step that fails stops the call with a 502 that names it, or, where its processor says so, is
left out. What it had begun is never sent: a step returns a new request or none.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from typing import Any

from .. import refusals
from ..configuration.configuration import Processor, Route
from ..errors import RelayError
from ..exchange import Exchange
from ..request import jsonedit, parsing
from ..request.edits import Edit, Outgoing
from ..request.jsonedit import Member
from ..request.parameters import folded
from . import rewriting, texts, types
from .options import Invalid
from .rewriting import Changes
from .step import Ask, Context, Document, Failed

log = logging.getLogger("relay.processors")

# The members that steps read by these very names.
READ = frozenset({"model", "stream", *texts.MEMBERS})


async def run(exchange: Exchange, route: Route, outgoing: Outgoing, ask: Ask) -> Outgoing:
    """The request as it goes on. Raises RelayError; what happened until then is in the record."""
    chain = _Chain(exchange, outgoing, _context(exchange, route, outgoing, ask))
    try:
        for processor in route.processors:
            await chain.take(processor)
    finally:
        exchange.edits = [*outgoing.edits, *chain.entries]
    result = chain.result()
    if result.is_rewritten and result.body is not None:
        exchange.tell_sent(result.body)
    return result


class _Chain:
    """`document` is None when the request is no JSON object."""

    def __init__(self, exchange: Exchange, outgoing: Outgoing, context: Context) -> None:
        self.entries: list[Edit] = []
        self._call = exchange.call
        self._outgoing = outgoing
        self._context = context
        self._document: Document | None = None
        self._members: list[Member] = []
        self._ambiguity: str | None = None
        if self._call.document is not None and outgoing.body is not None:
            self._document = parsing.parse(outgoing.body)
            self._members = jsonedit.members(outgoing.body)
            self._ambiguity = _ambiguous([member.name for member in self._members])
        self._changes: Changes = {}

    async def take(self, processor: Processor) -> None:
        try:
            step = types.of(processor)
            if self._document is None and step.needs_document:
                self._pass_by(processor)
                return
            if self._ambiguity and step.needs_document:
                raise Failed(self._ambiguity)
            before = self._document or {}
            after = await step.process(before, self._context)
            changes = {} if after is before else rewriting.differences(before, after)
            _check_stream(before, after)
        except Exception as error:
            self._fail(processor, error)
            return
        if changes:
            self._document = after
            self._changes |= changes
            self._note(processor, changed=sorted(changes))

    def result(self) -> Outgoing:
        edits = (*self._outgoing.edits, *self.entries)
        document, body = self._document, self._outgoing.body
        if not self._changes or document is None or body is None:
            return replace(self._outgoing, edits=edits)
        body = jsonedit.change_members(body, self._members, self._changes)
        # All that comes after judges the request as it goes out; the record has it as it came.
        self._call.document, self._call.body = document, body
        model = document.get("model")
        return replace(
            self._outgoing,
            body=body,
            model=model if isinstance(model, str) and model else None,
            edits=edits,
            is_rewritten=True,
        )

    def _pass_by(self, processor: Processor) -> None:
        """Uploads and calls without a body hold nothing for it; what only the provider can read may."""
        call = self._call
        if call.endpoint.takes_json and call.method == "POST":
            raise Failed("the relay cannot read this request's body, whose content is encoded")
        if call.upload is not None or call.body:
            self._note(processor, skipped="the request is no JSON object")

    def _fail(self, processor: Processor, error: Exception) -> None:
        why = _words(processor, error, self._context.request_id)
        self._note(processor, **{"skipped" if processor.skips_on_error else "failed": why})
        if processor.skips_on_error:
            return
        if isinstance(error, RelayError) and error.status == 429:
            raise error  # a limit of the caller's own, who is told when to come back
        raise refusals.processor_failed(processor.name, why) from error

    def _note(self, processor: Processor, **what: Any) -> None:
        self.entries.append({"kind": "processor", "name": processor.name, "type": processor.type, **what})


def _ambiguous(names: list[str]) -> str | None:
    """What a step would read in one way and a provider could in another."""
    for name in names:
        if name not in READ and folded(name) in READ:
            return f"some providers read '{name[:50]}' as '{folded(name)}'"
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    return None if twice is None else f"the request has '{twice[:50]}' twice"


def _check_stream(before: Document, after: Document) -> None:
    if (before.get("stream") is True) is not (after.get("stream") is True):
        raise Failed("it changed 'stream', which is the caller's choice")


def _words(processor: Processor, error: Exception, request_id: str) -> str:
    """For the caller and the record. What an exception says may hold secrets: that goes to the log alone."""
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, RelayError):
        return error.message.removesuffix(".")
    if isinstance(error, Invalid):
        return "its configuration cannot be used: " + error.message.removesuffix(".")
    log.error("Processor %s failed on request %s", processor.name, request_id, exc_info=error)
    return f"it raised {type(error).__name__}"


def _context(exchange: Exchange, route: Route, outgoing: Outgoing, ask: Ask) -> Context:
    call, key = exchange.call, exchange.key
    return Context(
        request_id=exchange.request_id,
        route=route.name,
        method=call.method,
        path=call.path,
        endpoint=call.endpoint.template,
        model=outgoing.model,
        is_streaming=call.is_streaming,
        size_bytes=call.length,
        key=key.name if key else None,
        project=key.project_name if key else None,
        client_ip=call.client_ip,
        ask=ask,
    )
