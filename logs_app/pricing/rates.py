"""What a call costs: exact arithmetic on whole nano USD, no database and no floating point."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

MILLION = 1_000_000
LARGEST_COST = 2**63 - 1
# So many rates a price had when records began to name theirs.
FIRST_RATES = 7


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano USD: per million tokens, per million characters, per image, per second. None: not charged by it.

    Cached input and cache writes without a rate of their own are charged like input, tokens of sound and
    pictures like those of text.
    """

    input: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    image: int | None = None
    second: int | None = None
    characters: int | None = None
    # What came later stands at the end: a price without it keeps its version.
    audio_input: int | None = None
    audio_output: int | None = None
    image_input: int | None = None
    image_output: int | None = None

    @property
    def version(self) -> str:
        """The same wherever the same rates are written down, so that a record can name its price."""
        return _version(self)


@lru_cache(maxsize=4096)  # each record that is priced asks for it
def _version(rates: Rates) -> str:
    written = astuple(rates)
    if not any(rate is not None for rate in written[FIRST_RATES:]):
        written = written[:FIRST_RATES]
    return hashlib.sha256(repr(written).encode()).hexdigest()[:12]


RATE_NAMES = tuple(field.name for field in fields(Rates))


@dataclass(frozen=True, slots=True)
class Quantities:
    """What was used. None: not known, which is not zero.

    `prompt` includes `cached`, `cache_write`, `prompt_audio` and `prompt_image`; `audio` and `image` are all
    tokens of sound and of pictures, those of the prompt and those of the answer. `images` are pieces.
    """

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    images: int | None = None
    seconds: float | None = None
    characters: int | None = None
    audio: int | None = None
    prompt_audio: int | None = None
    image: int | None = None
    prompt_image: int | None = None


class Charge(NamedTuple):
    """`weight`: the millionths of the rate that one of them costs."""

    name: str
    rate: int | None
    quantity: int | float | None
    weight: int


def cost(rates: Rates, used: Quantities) -> int | None:
    """Nano USD, rounded once at the end; None while a quantity that is charged is not known."""
    millionths: int | Fraction = 0
    is_charged = False
    for _, rate, quantity, weight in lines(rates, used):
        if rate is None:
            continue
        if quantity is None:
            return None
        is_charged = True
        exact = Fraction(quantity) if isinstance(quantity, float) else quantity
        millionths += exact * rate * weight
    return min(round(Fraction(millionths, MILLION)), LARGEST_COST) if is_charged else None


def lines(rates: Rates, used: Quantities) -> Iterator[Charge]:
    """What a bill would have, line by line."""
    cached, written = used.cached or 0, used.cache_write or 0
    heard, seen = used.prompt_audio or 0, used.prompt_image or 0
    plain = None if used.prompt is None else max(used.prompt - cached - written, 0)
    text, audio, image = _divided(plain, (rates.audio_input, heard), (rates.image_input, seen))
    yield Charge("input", rates.input, text, 1)
    yield Charge("audio_input", rates.audio_input, audio, 1)
    yield Charge("image_input", rates.image_input, image, 1)
    yield Charge("cached_input", _first(rates.cached_input, rates.input), cached, 1)
    yield Charge("cache_write", _first(rates.cache_write, rates.input), written, 1)
    spoken, drawn = max((used.audio or 0) - heard, 0), max((used.image or 0) - seen, 0)
    text, audio, image = _divided(used.completion, (rates.audio_output, spoken), (rates.image_output, drawn))
    yield Charge("output", rates.output, text, 1)
    yield Charge("audio_output", rates.audio_output, audio, 1)
    yield Charge("image_output", rates.image_output, image, 1)
    yield Charge("image", rates.image, used.images, MILLION)
    yield Charge("second", rates.second, used.seconds, MILLION)
    yield Charge("characters", rates.characters, used.characters, 1)


def _divided(
    tokens: int | None, audio: tuple[int | None, int], image: tuple[int | None, int]
) -> tuple[int | None, int | None, int | None]:
    """Text, sound and pictures among these tokens; sound and pictures (rate, count) without a rate of their
    own are text. What was cached is text as far as it goes: providers do not say of what kind it was.
    """
    if tokens is None:
        return None, None, None
    heard = min(audio[1], tokens) if audio[0] is not None else 0
    seen = min(image[1], tokens - heard) if image[0] is not None else 0
    return tokens - heard - seen, heard, seen


def _first(own: int | None, otherwise: int | None) -> int | None:
    return own if own is not None else otherwise
