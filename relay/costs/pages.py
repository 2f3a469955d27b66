"""The page, and the same as CSV. Each month has an address to share: `?month=2026-11`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from logs_app.models import LogRecord
from logs_app.models.visibility import VIEW
from logs_app.statistics import bill
from proxy.playground import sending
from proxy.replay import calling
from relay.costs.rows import Bill
from relay.dashboard import numbers


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """For those who may see records. Behind the admin's own door."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    months = bill.months(datetime.now(UTC).date())
    month = _chosen(request, months)
    if month is None:
        return _no_bill(request)
    records = LogRecord.objects.visible_to(request.user)
    found = Bill(month, bill.read(month, records))
    if request.GET.get("format") == "csv":
        head = {"Content-Disposition": f'attachment; filename="costs-{month:%Y-%m}.csv"'}
        return HttpResponse(b"".join(found.table()), content_type="text/csv; charset=utf-8", headers=head)
    context = {
        **admin.site.each_context(request),
        "title": _("Costs"),
        "months": months,
        "month": month,
        "later": next((each for each in reversed(months) if each > month), None),
        "earlier": next((each for each in months if each < month), None),
        "bill": found,
        "cost": found.total.cost,
        "tokens": numbers.count(found.sums["total_tokens"]),
        "before": _before(month, months, records),
        **_trials(month, records, found),
    }
    return TemplateResponse(request, "relay/costs.html", context)


def _chosen(request: HttpRequest, months: list[date]) -> date | None:
    """This month, where the address names none; None where it names one that has no bill."""
    wanted = request.GET.get("month")
    if not wanted:
        return months[0]
    return next((month for month in months if f"{month:%Y-%m}" == wanted), None)


def _no_bill(request: HttpRequest) -> HttpResponse:
    words = _("There is no bill of such a month: it was before the first call, or has not begun.")
    return TemplateResponse(
        request, "relay/problem.html", {"title": _("Not found"), "words": words}, status=404
    )


def _before(month: date, months: list[date], records: Any) -> dict[str, Any] | None:
    """What the month before came to in all, where there was one."""
    earlier = bill.before(month)
    if earlier not in months:
        return None
    return {"month": earlier, "cost": Bill(earlier, bill.read(earlier, records)).total.cost}


def _trials(month: date, records: Any, found: Bill) -> dict[str, Any]:
    """What people tried out, which is charged to the project of the key all the same."""
    since, until = (f"{moment:%Y-%m-%d}" for moment in bill.bounds(month))
    titles = {sending.LINEAGE: _("Playground"), calling.LINEAGE: _("Replays and comparisons")}
    made = {lineage: bill.trials(month, lineage, records) for lineage in titles}
    trials = [
        {
            "title": titles[lineage],
            "calls": trials.calls,
            "cost": found.dollars(trials.cost_nanos),
            "query": f"tag={lineage}&since={since}&until={until}",
        }
        for lineage, trials in made.items()
        if trials.calls
    ]
    return {"trials": trials, "tried": found.dollars(sum(trials.cost_nanos for trials in made.values()))}
