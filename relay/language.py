"""The language of an answer: pages speak that of whoever looks, programs are answered in English."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from rest_framework.views import APIView


class LanguageMiddleware(LocaleMiddleware):
    """Scripts look for words of an error, whatever `Accept-Language` their HTTP library sends."""

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_args: Any) -> None:
        if issubclass(getattr(view, "cls", object), APIView):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
