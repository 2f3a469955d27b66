"""What Prometheus is told, as plain samples; `relay.metrics` makes its page of them.

What concerns calls is counted from the records (`records`), so it equals them by construction and needs
nothing of the lane. What only one process knows lies in a file for each (`published`), written every second.
"""

from logs_app.metrics.sample import Sample

__all__ = ["Sample"]
