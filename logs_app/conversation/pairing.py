"""Each result goes to the call it belongs to, wherever in the conversation that is."""

from __future__ import annotations

from collections.abc import Iterator

from .turns import Call, Conversation, Part, Result, Turn


def pair(conversation: Conversation) -> None:
    """In the order of speech: where ids come twice, a result belongs to the last call that still waits."""
    calls: dict[str, list[Call]] = {}
    emptied: list[Turn] = []
    for turn in conversation.turns:
        kept = list(_unpaired(turn.parts, calls))
        if turn.parts and not kept:
            emptied.append(turn)  # all that it brought is beside the calls
        turn.parts = kept
    conversation.asked = [turn for turn in conversation.asked if not any(turn is each for each in emptied)]


def _unpaired(parts: list[Part], calls: dict[str, list[Call]]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Call) and part.id:
            calls.setdefault(part.id, []).append(part)
        if not isinstance(part, Result) or not _give(part, calls.get(part.id, [])):
            yield part


def _give(result: Result, calls: list[Call]) -> bool:
    waiting = [call for call in calls if not call.results] or calls
    if not result.id or not waiting:
        return False
    waiting[-1].results.append(result)
    return True
