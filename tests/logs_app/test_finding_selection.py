from __future__ import annotations

from argparse import ArgumentParser

import pytest
from django.core.management import CommandError

from logs_app.finding import selection
from logs_app.finding.filters import RecordFilters
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db


def test_every_filter_of_the_api_is_an_option():
    parser = ArgumentParser()
    selection.add_filters(parser)
    assert set(vars(parser.parse_args([]))) == set(RecordFilters().fields)


def test_only_what_is_named_filters():
    many(2)
    record = add_record()
    given = selection.filters({"request_id": str(record.pk), "format": "csv", "until": None})
    assert given == {"request_id": str(record.pk)}
    assert list(selection.select("test", given)) == [record]
    assert selection.select("test", {}).count() == 3


def test_nonsense_is_refused_in_the_words_of_the_option():
    with pytest.raises(CommandError, match="^--request-id: "):
        selection.select("test", {"request_id": ""})
