from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.ranking import Ranking

STEPS = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 5)), max_size=300)


@given(STEPS)
def test_the_lowest_is_the_lowest_whatever_came_before(steps: list[tuple[str, int | None]]) -> None:
    ranking: Ranking[str] = Ranking()
    held: dict[str, int] = {}
    for key, rank in steps:
        if rank is None:
            ranking.remove(key)
            held.pop(key, None)
        else:
            ranking.set(key, rank)
            held[key] = rank
        found = ranking.lowest()
        assert (found is None) == (not held)
        if found is not None:
            assert found[0] == min(held.values()) == held[found[1]]
        assert len(ranking) == len(held) and len(ranking._heap) <= 2 * len(held) + 65
