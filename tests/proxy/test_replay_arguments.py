from __future__ import annotations

from argparse import ArgumentParser

import pytest

from proxy.replay import arguments
from proxy.replay.changes import Changes


def parsed(*given: str) -> Changes:
    parser = ArgumentParser()
    arguments.add_changes(parser)
    return arguments.changes_of(vars(parser.parse_args(given)))


def test_values_are_json_or_else_text():
    found = parsed(
        "--set", "temperature=0", "--set", "stop=a=b", "--set", 'user="1"', "--drop", "n", "--model", "m"
    )
    assert found == Changes(model="m", set={"temperature": 0, "stop": "a=b", "user": "1"}, drop=("n",))
    assert parsed() == Changes()


@pytest.mark.parametrize("text", ["temperature", "=5"])
def test_what_is_no_member_is_refused(text):
    with pytest.raises(SystemExit):
        parsed("--set", text)


def test_a_variant_is_a_list_of_members():
    given = [("model", "m"), ("temperature", 0), ("drop", "n"), ("system", "Be brief.")]
    assert arguments.changes_in(given) == Changes("m", None, "Be brief.", {"temperature": 0}, ("n",))
