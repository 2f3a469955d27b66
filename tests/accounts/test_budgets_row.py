"""The windows, compared with what a list that forgets nothing says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.budgets.budget import SECOND_US, SLOTS, TOKENS, _grain_us
from accounts.budgets.row import HEAD, LENGTH, TOTAL, WORDS, Row

Moment = tuple[int, int]  # time, amount
WINDOW = SECOND_US
steps = st.one_of(
    st.integers(0, 2_000), st.integers(0, 200_000), st.sampled_from([0, 1, WINDOW - 1, WINDOW, WINDOW + 1])
)


def fresh_row() -> Row:
    return Row(memoryview(bytearray(8 * WORDS)).cast("Q"), 0)


def held(admitted: list[Moment], now: int, window: int = WINDOW) -> int:
    return sum(amount for at, amount in admitted if at > now - window)


def take(row: Row, now: int, amount: int, limit: int, grain: int) -> bool:
    if row.used(now, WINDOW) + amount > limit:
        return False
    row.add(now, amount, grain)
    return True


@settings(max_examples=300, deadline=None)
@given(limit=st.integers(1, SLOTS), gaps=st.lists(steps, max_size=400))
def test_up_to_the_slots_a_window_is_exact(limit: int, gaps: list[int]) -> None:
    row, admitted, now = fresh_row(), [], 5 * WINDOW
    for gap in gaps:
        now += gap
        is_free = held(admitted, now) < limit
        assert take(row, now, 1, limit, 0) is is_free
        if is_free:
            admitted.append((now, 1))
        assert row.used(now, WINDOW) == held(admitted, now)
        assert row.is_sound(now)


@settings(max_examples=300, deadline=None)
@given(
    limit=st.integers(SLOTS + 1, 5_000),
    calls=st.lists(st.tuples(steps, st.integers(1, 900)), max_size=400),
)
def test_beyond_a_window_is_never_over_and_at_most_one_grain_late(
    limit: int, calls: list[tuple[int, int]]
) -> None:
    grain = _grain_us(TOKENS, limit, WINDOW)
    row, admitted, now = fresh_row(), [], 5 * WINDOW
    for gap, amount in calls:
        now += gap
        if take(row, now, amount, limit, grain):
            admitted.append((now, amount))
            assert held(admitted, now) <= limit
        else:
            assert held(admitted, now, WINDOW + grain) + amount > limit
        assert row.is_sound(now)


@settings(max_examples=200, deadline=None)
@given(limit=st.integers(1, SLOTS), gaps=st.lists(steps, max_size=300))
def test_who_waits_as_told_is_let_in_and_who_comes_earlier_is_not(limit: int, gaps: list[int]) -> None:
    row, now = fresh_row(), 5 * WINDOW
    for gap in gaps:
        now += gap
        if not take(row, now, 1, limit, 0):
            wait = row.wait_us(now, WINDOW, 1)
            assert row.used(now + wait - 1, WINDOW) == limit
            now += wait
            assert take(row, now, 1, limit, 0)


@settings(max_examples=200, deadline=None)
@given(
    calls=st.lists(st.tuples(steps, st.integers(1, 900), st.integers(0, 900)), max_size=200),
    delay=st.integers(0, 3 * WINDOW),
)
def test_what_is_taken_back_never_makes_a_window_negative_or_looser(
    calls: list[tuple[int, int, int]], delay: int
) -> None:
    row, now = fresh_row(), 5 * WINDOW
    grain = _grain_us(TOKENS, 10_000, WINDOW)
    reserved: list[tuple[int, int, int]] = []
    for gap, amount, back in calls:
        now += gap
        row.used(now, WINDOW)
        row.add(now, amount, grain)
        reserved.append((now, amount, min(back, amount)))
    now += delay
    for at, _amount, back in reserved:
        row.take_back(now, WINDOW, at, back)
    kept = [(at, amount - back) for at, amount, back in reserved]
    # One that shares an entry with a later one leaves with it; nothing leaves early.
    assert (
        held(kept, now)
        <= row.used(now, WINDOW)
        <= held([(a, n) for a, n, _ in reserved], now, WINDOW + grain)
    )
    assert row.is_sound(now)


def test_what_is_taken_back_is_free_at_once() -> None:
    row = fresh_row()
    row.add(5 * WINDOW, 700, 0)
    row.add(5 * WINDOW + 10, 300, 0)

    row.take_back(5 * WINDOW + 20, WINDOW, 5 * WINDOW, 600)

    assert row.used(5 * WINDOW + 20, WINDOW) == 400


def test_what_has_left_the_window_is_not_taken_back_from_another() -> None:
    row = fresh_row()
    row.add(5 * WINDOW, 700, 0)
    row.add(6 * WINDOW, 300, 0)

    row.take_back(6 * WINDOW + 20, WINDOW, 5 * WINDOW, 700)

    assert row.used(6 * WINDOW + 20, WINDOW) == 300


def test_waiting_for_several_tells_when_the_last_of_them_is_free() -> None:
    row = fresh_row()
    for place in range(5):
        row.add(5 * WINDOW + place * 1000, 100, 0)

    assert row.wait_us(5 * WINDOW + 4000, WINDOW, 250) == WINDOW - 2000


def test_a_window_resets_when_its_newest_entry_leaves() -> None:
    row = fresh_row()
    assert row.reset_us(5 * WINDOW, WINDOW) == 0
    row.add(5 * WINDOW, 1, 0)
    row.add(5 * WINDOW + 400_000, 1, 0)

    assert row.reset_us(5 * WINDOW + 500_000, WINDOW) == 900_000


def test_a_time_to_come_is_one_from_before_the_last_start_of_the_machine() -> None:
    row = fresh_row()
    row.add(900 * WINDOW, 1, 0)

    assert row.used(5 * WINDOW, WINDOW) == 0


def test_more_entries_than_slots_share_the_last_one() -> None:
    row = fresh_row()
    for place in range(SLOTS + 50):
        row.add(5 * WINDOW + place, 1, 0)

    assert row.used(5 * WINDOW + SLOTS + 50, WINDOW) == SLOTS + 50
    assert row.words[LENGTH] == SLOTS


def test_a_row_that_does_not_add_up_is_not_sound() -> None:
    for word, value in ((TOTAL, 7), (HEAD, SLOTS), (LENGTH, SLOTS + 1)):
        row = fresh_row()
        row.add(5 * WINDOW, 1, 0)
        assert row.is_sound(5 * WINDOW)
        row.words[word] = value
        assert not row.is_sound(5 * WINDOW)


def test_a_row_whose_times_are_out_of_order_is_not_sound() -> None:
    row = fresh_row()
    row.add(5 * WINDOW, 1, 0)
    row.add(6 * WINDOW, 1, 0)
    row.words[row.slots] = 7 * WINDOW

    assert not row.is_sound(8 * WINDOW)
