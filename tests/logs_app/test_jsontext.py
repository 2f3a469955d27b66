import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from logs_app.jsontext import dumps, glimpse, iso, loads, loads_exactly


def test_nan_and_infinity_are_read():
    assert math.isnan(loads(b'{"a": NaN}')["a"])
    assert loads(b"[Infinity]") == [math.inf]


def test_lone_surrogates_are_read():
    assert loads(b'"\\ud83d"') == "\ud83d"


def test_bytes_that_are_not_utf8_are_replaced():
    assert loads(b'"a\xffb"') == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30, 2**63 - 1])
def test_integers_of_any_size_keep_their_digits(number):
    assert loads_exactly(b'{"n": %d}' % number) == {"n": number}


@pytest.mark.parametrize("data", [b"", b"{", b"nope", b'{"a":}', b"[" * 5000 + b"]" * 5000, b"9" * 5000])
def test_what_is_not_json_raises_only_value_error(data):
    for read in (loads, loads_exactly):
        with pytest.raises(ValueError):
            read(data)


def test_nesting_ends_where_it_can_still_be_walked_through():
    shallow, deep = (b"[" * depth + b"9" * 20 + b"]" * depth for depth in (900, 1001))
    assert loads_exactly(shallow)
    with pytest.raises(ValueError, match="too deeply"):
        loads_exactly(deep)


@pytest.mark.parametrize("value", ["\ud800", 2**80, "é"])
def test_what_orjson_refuses_is_written_in_the_same_way(value):
    written = dumps({"a": value, "b": [1, 2]})
    assert json.loads(written) == {"a": value, "b": [1, 2]}
    assert b" " not in written


def test_what_is_no_json_is_refused_unless_it_is_said_what_becomes_of_it():
    with pytest.raises(TypeError):
        dumps({"a": {1}})
    assert dumps({"a": {1}}, default=repr) == b'{"a":"{1}"}'


def test_a_glimpse_is_cut_short_where_it_would_be_hard():
    assert glimpse({"a": ["é", 1]}) == '{"a":["é",1]}'
    assert glimpse(["\ud83d"]) == "…"


def test_a_moment_is_written_in_utc_with_the_places_it_is_to_have():
    moment = datetime(2026, 1, 31, 12, 0, 0, 250_000, UTC)
    assert iso(moment) == "2026-01-31T12:00:00.250000Z"
    assert iso(moment.replace(microsecond=0)) == "2026-01-31T12:00:00Z"
    assert iso(moment, "milliseconds") == "2026-01-31T12:00:00.250Z"
    assert iso(moment.astimezone(timezone(timedelta(hours=8))), "seconds") == "2026-01-31T12:00:00Z"
