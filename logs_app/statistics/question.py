"""What statistics can be asked for: the filters of records, and how to divide what they leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.api.filters import ChoiceFilter, TextFilter
from logs_app.finding.filters import RecordFilters, is_uuid
from logs_app.statistics import names
from logs_app.statistics.columns import GROUPS

INTERVALS = {
    "minute": timedelta(minutes=1),
    "15m": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
DEFAULT_RANGE = timedelta(days=1)
MOST_STEPS = 1500


class StatisticsFilters(RecordFilters):
    group_by = TextFilter(help_text=f"Divided by one or several of {', '.join(GROUPS)}, with commas.")
    interval = ChoiceFilter(choices=list(INTERVALS), help_text="Divided by time (UTC).")
    format = ChoiceFilter(choices=["json", "csv"], help_text="A table for a spreadsheet is csv.")

    def validate_group_by(self, text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        unknown = [name for name in names if name not in GROUPS]
        if unknown:
            raise serializers.ValidationError(f"One or several of {', '.join(GROUPS)}, with commas.")
        return list(dict.fromkeys(names))

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        values["until"] = values.get("until") or timezone.now()
        values["since"] = values.get("since") or values["until"] - DEFAULT_RANGE
        values = super().validate(values)
        step = INTERVALS.get(values.get("interval", ""))
        if step and (values["until"] - values["since"]) / step > MOST_STEPS:
            message = f"The time from since to until has more than {MOST_STEPS} of these intervals."
            raise serializers.ValidationError({"interval": [message]})
        return values

    def by_project(self, rows: Any, text: str) -> Any:
        """By the name of today, if anybody is called so; else by the one that it had."""
        found = [] if is_uuid(text) else names.ids_of("project", text)
        return rows.filter(project_id__in=found) if found else super().by_project(rows, text)

    def by_key(self, rows: Any, text: str) -> Any:
        found = names.ids_of("key", text)
        return rows.filter(key_id__in=found) if found else super().by_key(rows, text)

    @property
    def range(self) -> tuple[datetime, datetime]:
        return self.validated_data["since"], self.validated_data["until"]

    @property
    def groups(self) -> list[str]:
        return self.validated_data.get("group_by", [])

    @property
    def narrowed_by(self) -> set[str]:
        """The filters among what was asked."""
        return set(self.validated_data) - {"group_by", "interval", "format"}

    @property
    def is_table(self) -> bool:
        return self.validated_data.get("format") == "csv"

    @property
    def step_seconds(self) -> int | None:
        step = INTERVALS.get(self.validated_data.get("interval", ""))
        return int(step.total_seconds()) if step else None

    def chosen(self, rows: Any, names: set[str]) -> Any:
        """`rows`, records or series, narrowed by those of the filters that are named."""
        for name in self.validated_data.keys() & names:
            method, value = getattr(self, f"by_{name}", None), self.validated_data[name]
            rows = method(rows, value) if method else rows.filter(**{name: value})
        return rows
