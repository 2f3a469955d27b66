"""The page of the console on which many records are asked again in two ways, and what its scripts ask for."""

from __future__ import annotations

from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework.serializers import ValidationError

from accounts.api import errors
from accounts.audit import actors
from logs_app import reveals
from logs_app.admin import filterbar, selecting
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord
from logs_app.presentation import presentation
from logs_app.presentation.onerecord import revealed
from proxy.compare import api, running, table
from proxy.compare.running import MOST_AT_ONCE, MOST_RECORDS, Comparison
from proxy.playground import choices
from proxy.playground.pages import for_staff, refusal
from proxy.replay.changes import system_of
from proxy.replay.pages import PERMISSION

LIMIT = 20
PROMPTED = ("pk", "prompt_fingerprint")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Of the records that the filters of the address find, or of those that it names one by one (`id`)."""
    if not (request.user.has_perm(PERMISSION) and reveals.is_allowed(request.user)):
        raise PermissionDenied
    given, ids = _chosen(request)
    filters = filterbar.texts(given)
    wanted = {"filters": filters, **({} if ids is None else {"ids": ids})}
    calls = list(running.of_clients(api.records(request.user, wanted)).values_list(*PROMPTED)[:MOST_RECORDS])
    found = len(calls)
    context = {
        **admin.site.each_context(request),
        "title": _("Compare"),
        "chips": filterbar.chips(given),
        "is_chosen": ids is not None,
        "found": found,
        "newest": calls[0][0] if calls else None,
        "prompts": len({fingerprint for _id, fingerprint in calls}),
        "has_more": found == MOST_RECORDS,
        "limit": min(found, LIMIT if ids is None else MOST_RECORDS) or LIMIT,
        "most": MOST_RECORDS,
        "most_at_once": MOST_AT_ONCE,
        "wanted": wanted,
        "keys": choices.keys(request.user),
        "providers": choices.providers(),
        "models": filterbar.seen()["model"],
    }
    return TemplateResponse(request, "proxy/compare.html", context)


@require_safe
def prompt(request: HttpRequest, pk: str) -> JsonResponse:
    """What another system prompt would take the place of, to begin with. Behind the admin's own door."""
    record = revealed(request, LogRecord.objects.revealed_to(request.user), pk)
    return JsonResponse({"system": system_of(record.path, presentation.request_body(record.payload))})


@require_POST
@for_staff
async def run(request: HttpRequest, user: Any) -> HttpResponseBase:
    """The lines of the management API, in the language of the page."""
    try:
        return api.streamed(await sync_to_async(_asked)(request, user))
    except ValidationError as error:
        return refusal(api_words(error), 400)
    except PermissionDenied as error:
        return refusal(str(error), 403)


@require_POST
def csv(request: HttpRequest) -> HttpResponse:
    """The rows that the page has, as the command writes them. They come back from the browser: nothing is
    asked or looked up again."""
    rows, names = (_lines(request.POST.get(name, "")) for name in ("rows", "checks"))
    if not all(isinstance(row, dict) for row in rows) or not all(isinstance(name, str) for name in names):
        return refusal(_("These are no rows of a comparison."), 400)
    response = HttpResponse(b"".join(table.lines(rows, names)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="comparison.csv"'
    return response


def api_words(error: ValidationError) -> str:
    answer = errors.answer(error, {})
    return str(answer.data["error"]["message"]) if answer is not None else str(error)


def _chosen(request: HttpRequest) -> tuple[QueryDict, list[str] | None]:
    """Usable filters, under the names of the API; ids, without what is none, if records are named."""
    query = request.GET.copy()
    ids = query.pop("id", None)
    if words := query.pop(filterbar.SEARCH, []):
        query["search"] = words[-1]
    for name in query.keys() - {str(name) for name in RecordFilters().fields}:
        del query[name]
    given, _reasons = filterbar.usable(query)
    chosen = None if ids is None else [str(id) for id in selecting.ids_in(ids)][:MOST_RECORDS]
    return given, chosen


def _object(data: bytes) -> Any:
    """What is no JSON is no object, and the serializer says so."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _lines(text: str) -> list[Any]:
    found = _object(text.encode())
    return found if isinstance(found, list) else [None]


def _asked(request: HttpRequest, user: Any) -> Comparison:
    """What is to be asked, and noted: it spends somebody's money under somebody's key."""
    given = api.ComparisonSerializer(data=_object(request.body))
    given.is_valid(raise_exception=True)
    wanted, actor = given.validated_data, actors.of(request)
    if key := wanted.get("key"):
        wanted["key"] = choices.name_of(choices.find(user, key, actor))
    comparison = api.comparison_of(user, wanted)
    api.note(actor, wanted, comparison, request)
    return comparison
