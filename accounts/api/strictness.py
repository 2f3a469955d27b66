"""Names that are not known are refused, in a query string and in a body: a misspelled one would be passed
over, and the answer would be about something else than was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from rest_framework import serializers

# Of a name that somebody made up: more of it helps nobody, and comparing takes time.
LONGEST_NAME = 100
MOST_NAMED = 10
# What other APIs call it: no letters would lead there.
CALLED_ELSEWHERE = {"limit": "page_size", "per_page": "page_size", "offset": "cursor", "page": "cursor"}


class BodySerializer(serializers.Serializer):
    """A request's body. What an answer shows is known here too, so that it may be given back as it came."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields, "member")
        return super().to_internal_value(data)


def refuse_unknown(given: Iterable[str], known: Iterable[str], noun: str) -> None:
    """Raises ValidationError, which names each of them."""
    names = list(dict.fromkeys(known))
    unknown = islice((str(name)[:LONGEST_NAME] for name in given if name not in names), MOST_NAMED)
    if words := {name: [no_such(noun, name, names)] for name in unknown}:
        raise serializers.ValidationError(words)


def no_such(noun: str, name: str, known: list[str]) -> str:
    called_here = CALLED_ELSEWHERE.get(name.lower())
    nearest = [called_here] if called_here in known else get_close_matches(name.lower(), known, n=1)
    if nearest:
        return f"There is no such {noun}. Did you mean {nearest[0]}?"
    return f"There is no such {noun}. There are {', '.join(known)}." if known else f"There is no such {noun}."
