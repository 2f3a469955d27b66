"""Pages that say what an action would do, to how many rows, and wait for a yes.

They send the selection of the list again, also "all that fit", so that the answer acts on what was shown.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

MOST_NAMED = 20
YES = "confirmed"


def is_confirmed(request: HttpRequest) -> bool:
    return YES in request.POST


def ask(
    page: ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    action: str,
    title: Any,
    words: Any,
    verb: Any,
    form: forms.Form | None = None,
    is_dangerous: bool = False,
    address: str = "",
) -> TemplateResponse:
    """`words` say what happens and when it holds, `verb` is on the button; `address` is where that leads, if
    not to the list."""
    across = request.POST.get("select_across", "0")
    named = list(rows[:MOST_NAMED])
    count = rows.count()
    # "All that fit" needs no list of them, only one to pass as a selection.
    selected = named[:1] if across == "1" else rows
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": title,
        "words": words,
        "verb": verb,
        "form": form,
        "is_dangerous": is_dangerous,
        "named": named,
        "more": count - len(named),
        "count": count,
        "hidden": [
            (YES, "yes"),
            ("action", action),
            ("select_across", across),
            *((ACTION_CHECKBOX_NAME, row.pk) for row in selected),
        ],
        "address": address,
        # A list goes on as it was narrowed; the page of one key has other words in its address.
        "list_query": request.META.get("QUERY_STRING", "") if request.method == "POST" else "",
    }
    return TemplateResponse(request, "accounts/confirm.html", context)
