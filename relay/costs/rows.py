"""A bill as rows of a table, for people and for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from logs_app.exporting import csvtable
from logs_app.presentation import presentation
from logs_app.rollups.figures import Sums
from logs_app.statistics.bill import Account, Item, bounds
from relay.dashboard import numbers

# From this sum on a month is told in cents. Below it they would hide what there is to tell.
CENTS_FROM_NANOS = 10 * 10**9
CENTS, FINER = 2, 4
COLUMNS = (
    "month", "project_id", "project", "model", "requests", "prompt_tokens", "cached_tokens",
    "completion_tokens", "total_tokens", "cost", "without_price",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """`query` finds its records; `share` is that of the month's cost, in percent, and `percent` says so."""

    name: str
    query: str
    requests: str
    prompt_tokens: str
    completion_tokens: str
    cost: str
    share: int
    percent: str
    unpriced: int


@dataclass(frozen=True, slots=True)
class Section:
    """A project with its models."""

    total: Row
    rows: list[Row]


class Bill:
    """Of one month."""

    def __init__(self, month: date, accounts: list[Account]) -> None:
        self._month, self._accounts = month, accounts
        self.sums = Sums(sum(account.figures for account in accounts))
        self.unpriced = sum(_unpriced(item) for account in accounts for item in account.items)

    @property
    def sections(self) -> list[Section]:
        return [self._section(account) for account in self._accounts]

    @property
    def total(self) -> Row:
        return self._row(_("Total"), self._query(), self.sums, self.unpriced)

    def dollars(self, nanos: int) -> str:
        """All of a month with as many digits, so that one can add them up."""
        places = CENTS if self.sums["cost_nanos"] >= CENTS_FROM_NANOS else FINER
        amount = Decimal(nanos).scaleb(-9)
        least = Decimal(1).scaleb(-places)
        if 0 < amount < least:
            return f"< ${numbers.decimal(least, places)}"
        return f"${numbers.decimal(amount, places)}"

    def table(self) -> Iterator[bytes]:
        """As CSV, with all digits."""
        yield csvtable.row_bytes(COLUMNS)
        for account in self._accounts:
            for item in account.items:
                yield csvtable.row_bytes(self._cells(account, item))

    def _section(self, account: Account) -> Section:
        unpriced = sum(map(_unpriced, account.items))
        query = self._query(project=account.id)
        total = self._row(account.name or _("Without a project"), query, account.sums, unpriced)
        return Section(total, [self._of(account, item) for item in account.items])

    def _of(self, account: Account, item: Item) -> Row:
        query = self._query(project=account.id, model=item.model)
        return self._row(item.model or _("Without a model"), query, item.sums, _unpriced(item))

    def _row(self, name: str, query: str, sums: Sums, unpriced: int) -> Row:
        whole, cost = self.sums["cost_nanos"], sums["cost_nanos"]
        share = round(cost / whole * 100) if whole else 0
        return Row(
            name=name,
            query=query,
            requests=numbers.decimal(sums["requests"], 0),
            prompt_tokens=numbers.decimal(sums["prompt_tokens"], 0),
            completion_tokens=numbers.decimal(sums["completion_tokens"], 0),
            cost=self.dollars(cost) if sums["priced"] else numbers.EMPTY,
            share=share,
            percent="< 1 %" if cost and not share else f"{share} %",
            unpriced=unpriced,
        )

    def _query(self, **narrowed: str) -> str:
        """Empty where no filter finds the records: of those that have no project, or asked for no model."""
        since, until = (f"{moment:%Y-%m-%d}" for moment in bounds(self._month))
        return urlencode({**narrowed, "since": since, "until": until}) if all(narrowed.values()) else ""

    def _cells(self, account: Account, item: Item) -> list[str | int | None]:
        sums = item.sums
        counted = [sums[name] for name in COLUMNS if name == "requests" or name.endswith("_tokens")]
        cost = presentation.cost(sums["cost_nanos"]) if sums["priced"] else None
        month = f"{self._month:%Y-%m}"
        return [month, account.id, account.name, item.model, *counted, cost, _unpriced(item)]


def _unpriced(item: Item) -> int:
    """A list of models or a file is not charged anyway."""
    return item.sums.unpriced if item.model else 0
