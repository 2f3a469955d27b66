from __future__ import annotations

import pytest

from accounts.loglevels import lowest


@pytest.mark.parametrize(
    ("levels", "lowest_of_them"),
    [
        ((), "full"),
        ((None, ""), "full"),
        (("full", None), "full"),
        (("full", "metadata"), "metadata"),
        (("off", "full"), "off"),
        (("metadata", "off"), "off"),
        (("metadata", "full", None), "metadata"),
        (("full", "nothing please"), "off"),
    ],
)
def test_the_least_of_what_each_allows_is_recorded(levels, lowest_of_them):
    assert lowest(*levels) == lowest_of_them
