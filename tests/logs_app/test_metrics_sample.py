from __future__ import annotations

from logs_app.metrics.sample import Sample, add_up


def test_samples_of_one_name_and_labels_become_one() -> None:
    given = [Sample("a", 1, {"x": "1"}), Sample("a", 2, {"x": "1"}), Sample("a", 4, {"x": "2"})]
    assert add_up(given) == [Sample("a", 3, {"x": "1"}), Sample("a", 4, {"x": "2"})]


def test_histograms_are_added_bucket_by_bucket() -> None:
    one = Sample("h", 3, {}, ((0.1, 1), (1.0, 3)), 1.5)
    other = Sample("h", 2, {}, ((0.1, 2), (1.0, 2)), 0.1)
    assert add_up([one, other]) == [Sample("h", 5, {}, ((0.1, 3), (1.0, 5)), 1.6)]
