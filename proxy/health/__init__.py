"""Whether providers can be used.

breaker   what answers make of a provider's standing: pure
table     the standing of the providers of one machine
health    what the lane asks and tells
sharing   the same among machines, through Redis
diagnosis what is wrong with a provider, in words: pure
check     asks a provider whether it can be used
stored    how the providers in the database stand
watch     asks all of them, again and again
"""

from __future__ import annotations

from .breaker import Outcome, Phase, State
from .health import Health, Permit

__all__ = ["Health", "Outcome", "Permit", "Phase", "State"]
