"""Whether a sink takes an event: one that tells of no exchange is sent there, and nothing of it is kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from django.utils.translation import gettext as _

from logs_app.dispatching.plan import BadPlan, Plan
from logs_app.events import sample
from logs_app.sinks import DeliveryError, open_sink


@dataclass(frozen=True, slots=True)
class Trial:
    has_arrived: bool
    words: str


def send(plan: Plan) -> Trial:
    """Once, and without a pause: whoever asks is waiting. Never raises."""
    try:
        plan.check()
        with closing(open_sink(plan.service, plan.target)) as sink:
            delivery = sink.deliver([sample()])[0]
            sink.flush()
    except (BadPlan, DeliveryError) as error:
        return Trial(False, str(error))
    except Exception as error:  # of a class of one's own
        return Trial(False, f"{type(error).__name__}: {error}")
    if delivery.outcome == "delivered":
        return Trial(True, _("The event has arrived."))
    return Trial(False, delivery.reason or delivery.outcome)
