"""The page of the playground and what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import money
from accounts.audit import actors, audit
from accounts.errors import Refused
from logs_app import reveals
from logs_app.admin import drawing
from logs_app.models import LogRecord
from logs_app.presentation import drafts, presentation, snippets
from logs_app.presentation.onerecord import base_url, revealed
from proxy import runtime
from proxy.configuration.configuration import Key
from proxy.modellists import merging
from proxy.playground import choices, question, sending
from proxy.playground.question import PATH, Question
from proxy.replay.pages import PERMISSION

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Behind the admin's own door, like all of them."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": _("Playground"),
        "keys": choices.keys(request.user),
        "providers": choices.providers(),
        "languages": snippets.LANGUAGES,
        "given": _given(request, request.GET["record"]) if "record" in request.GET else None,
    }
    return TemplateResponse(request, "proxy/playground.html", context)


def _given(request: HttpRequest, id: str) -> dict[str, Any]:
    """What a recorded call asked, to begin with, and the key it had."""
    if not reveals.is_allowed(request.user):
        raise PermissionDenied
    record = revealed(request, LogRecord.objects.visible_to(request.user), id)
    body = presentation.request_body(record.payload)
    if record.endpoint != PATH or not isinstance(body, dict):
        messages.warning(
            request, _("This call is no chat that was recorded whole, so it cannot be opened here.")
        )
        return {}
    return {"body": body, "key": f"{record.key_kind}:{record.key_id}"}


def for_staff(view: View) -> View:
    """The admin's own door knows no coroutines. Whatever is wrong is said as the lane says it, in JSON."""

    @wraps(view)
    async def inner(request: HttpRequest) -> HttpResponseBase:
        user: Any = await request.auser()
        if not (user.is_active and user.is_staff and await user.ahas_perm(PERMISSION)):
            return refusal(_("You are not signed in, or may not make calls."), 403)
        try:
            request.user = user  # which a coroutine may not look up
            return await view(request, user)
        except Refused as refused:
            return refusal(refused.message, 400)

    return inner


def refusal(words: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"message": words, "type": "playground", "code": "refused"}}, status=status)


@require_POST
@for_staff
async def send(request: HttpRequest, user: Any) -> HttpResponseBase:
    """The answer of the lane, as it comes."""
    asked = Question.parse(request.body)
    asked = await sync_to_async(_admitted)(request, user, asked)
    return await sending.send(asked, user.get_username(), actors.address_of(request) or None)


@require_GET
@for_staff
async def models(request: HttpRequest, user: Any) -> HttpResponseBase:
    """What the key of the address may ask for, and what to begin with."""
    lane, wanted = await runtime.current(), request.GET.get("key", "")
    if wanted == choices.OWN:
        key = Key("", "credential", "", "")  # as it will be
    else:
        await sync_to_async(choices.find)(user, wanted, actors.of(request))
        key = await sending.find_key(wanted, lane)
    names = await merging.names(key, lane)
    return JsonResponse({"models": names, "usual": await sync_to_async(choices.usual_model)(user, names)})


@require_POST
@for_staff
async def program(request: HttpRequest, user: Any) -> HttpResponseBase:
    """The same call in the language of the address, to be copied."""
    write = snippets.LANGUAGES.get(request.GET.get("language", ""))
    if write is None:
        return refusal(_("There is no such language."), 400)
    draft = drafts.draft(PATH, question.parse_body(request.body))
    return HttpResponse(write(draft, base_url(request)), content_type="text/plain; charset=utf-8")


@require_GET
@for_staff
async def result(request: HttpRequest, user: Any) -> HttpResponseBase:
    """What the recorder knows of a call by now; nothing for a second."""
    return JsonResponse(await sync_to_async(_result)(request.GET.get("id", ""), user))


def _admitted(request: HttpRequest, user: Any, asked: Question) -> Question:
    """With the key it may call with, and noted: it spends somebody's money under somebody's key."""
    actor = actors.of(request)
    row = choices.find(user, asked.key, actor)
    detail = {"model": asked.model, "provider": asked.provider}
    given = {name: value for name, value in detail.items() if value}
    audit.record(actor, "playground.send", row, request=request, detail=given)
    return Question(choices.name_of(row), asked.body, asked.provider)


def _result(id: str, user: Any) -> dict[str, Any]:
    try:
        record = LogRecord.objects.visible_to(user).filter(pk=id).first()
    except (ValidationError, ValueError):
        record = None
    if record is None:
        return {"is_recorded": False}
    return {
        "is_recorded": True,
        "link": reverse("admin:logs_app_logrecord_change", args=[record.pk]),
        "outcome": record.get_outcome_display(),
        "latency_ms": record.latency_ms,
        "ttft_ms": record.ttft_ms,
        "cost_nanos": record.cost_nanos,
        "latency": drawing.duration(record.latency_ms),
        "ttft": drawing.duration(record.ttft_ms),
        "prompt_tokens": record.prompt_tokens,
        "completion_tokens": record.completion_tokens,
        "is_estimated": record.usage_estimated,
        "cost": money.shown(record.cost_nanos, record.usage_estimated),
        "provider": record.provider,
    }
