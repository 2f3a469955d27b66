"""Sums over the records, kept by the recorder in the transaction that writes them: the two cannot disagree.

A record is added to three spans, 15 minutes and the day (UTC) of its id and all of time, within the series
of its node, project, key, model, provider, method, endpoint, status and outcome. It is added once more, by 15
minutes, hour and day, within the coarse series of its node, project, model and provider: there are few of
them, so that weeks are read fast. A node's rows change only under the lock of its row in `Node`, so they are
read, added to and written without regard to other recorders.
"""

from logs_app.rollups.adding import COARSE_SPANS, COLUMNS, FINE_SPANS, Rollups, adjust

__all__ = ["COARSE_SPANS", "COLUMNS", "FINE_SPANS", "Rollups", "adjust"]
