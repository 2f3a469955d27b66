"""Statistics know projects and keys by their id: whoever was renamed is one, under the name of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from accounts.api.filters import is_number
from accounts.models import Credential, Project, WitheringToken
from logs_app.finding.filters import is_uuid
from logs_app.statistics.columns import GROUPS

Group = tuple[Any, ...]
Sums = dict[tuple[Group, int], int]


def of_today(
    divided_by: Sequence[str], sums: Mapping[tuple[Group, int], int]
) -> dict[tuple[Group, int], int]:
    """`sums` by group and start. Who exists no more keeps a name that it had."""
    names = {place: _names(READ[by], place, sums) for by, place in _places(divided_by)}
    found: Sums = defaultdict(int)
    for (group, start), figures in sums.items():
        renamed = list(group)
        for place, known in names.items():
            renamed[place + 1] = known.get(group[place], group[place + 1])
        found[tuple(renamed), start] += figures
    return dict(found)


def ids_of(by: str, name: str) -> list[str]:
    """Of those that are called so today."""
    return [str(id) for rows in ROWS[by] for id in rows.filter(name=name).values_list("pk", flat=True)]


def _places(divided_by: Sequence[str]) -> Iterable[tuple[str, int]]:
    """Where the id stands in a group; the name stands after it."""
    place = 0
    for by in divided_by:
        if by in READ:
            yield by, place
        place += len(GROUPS[by])


def _names(
    read: Callable[[set[str]], dict[str, str]], place: int, sums: Iterable[tuple[Group, int]]
) -> dict[str, str]:
    had = {group[place]: group[place + 1] for group, _ in sums if group[place] and group[place + 1]}
    return had | read({group[place] for group, _ in sums})


def _of_projects(ids: set[str]) -> dict[str, str]:
    return _read(Project, filter(is_uuid, ids))


def _of_keys(ids: set[str]) -> dict[str, str]:
    return _read(WitheringToken, filter(is_uuid, ids)) | _read(Credential, filter(is_number, ids))


def _read(model: Any, ids: Iterable[str]) -> dict[str, str]:
    found = model.objects.filter(pk__in=list(ids)).values_list("pk", "name")
    return {str(id): name for id, name in found if name}


READ = {"project": _of_projects, "key": _of_keys}
ROWS: dict[str, tuple[Any, ...]] = {
    "project": (Project.objects,),
    "key": (WitheringToken.objects, Credential.objects),
}
