"""How drf-spectacular describes the views: what it cannot see by itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiParameter

TAGS = {
    "/manage/projects": "Projects",
    "/manage/tokens": "Tokens",
    "/manage/credentials": "Credentials",
    "/manage/providers": "Providers",
    "/manage/settings": "Settings",
    "/manage/config": "Settings",
    "/manage/audit": "Audit",
    "/manage/logs": "Records",
    "/manage/routes": "Routes",
    "/manage/processors": "Processors",
    "/manage/stats": "Records",
    "/manage/redaction-rules": "Redaction",
    "/manage/settings/records": "Redaction",
    "/admin/login": "Signing in",
}
OTHER_TAG = "Earlier systems"
SUMMARIES = {
    "list": "List {}s",
    "create": "Create {}",
    "retrieve": "Show {}",
    "update": "Change {}",
    "partial_update": "Change {}",
    "destroy": "Delete {}",
    "rotate": "Rotate {}",
    "end_grace": "End the grace of {}",
    "revoke_tokens": "Revoke the tokens of {}",
    "preview": "Preview {}s",
    "test": "Test the connection of {}",
    "state": "Show the state of {}",
    "reset": "Reset the state of {}",
    "health": "Check the health of {}",
}


class Bearer(OpenApiAuthenticationExtension):
    target_class = "accounts.signin.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "MANAGEMENT_TOKEN, or an access_token of POST /admin/login.",
        }


class Body(OpenApiSerializerExtension):
    target_class = "accounts.api.strictness.BodySerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        described = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return described | {"additionalProperties": False} if direction == "request" else described


class Schema(AutoSchema):
    def get_tags(self) -> list[str]:
        return [next((tag for path, tag in TAGS.items() if self.path.startswith(path)), OTHER_TAG)]

    def get_summary(self) -> str | None:
        noun = getattr(self.view, "noun", None)
        if noun is None:
            return super().get_summary()
        article = "an" if noun[0] in "aeiouA" else "a"
        form = SUMMARIES[getattr(self.view, "action", "")]
        return form.format(noun if "{}s" in form else f"{article} {noun}")

    def map_parsers(self) -> list[str]:
        return ["application/json"]  # the parser takes it under every name

    def get_request_serializer(self) -> Any:
        """PUT is as partial as PATCH."""
        serializer = super().get_request_serializer()
        if self.method == "PUT" and serializer is not None:
            serializer = force_instance(serializer)
            serializer.partial = True
        return serializer

    def get_response_serializers(self) -> Any:
        answers = getattr(self.view, "answers", {})
        return answers.get(getattr(self.view, "action", None)) or super().get_response_serializers()

    def get_filter_backends(self) -> list[Any]:
        return []

    def get_override_parameters(self) -> list[Any]:
        """The filters of a list are a serializer of its query string."""
        found = super().get_override_parameters()
        filters, identified = getattr(self.view, "filters", None), getattr(self.view, "identified", None)
        if filters and getattr(self.view, "action", None) == "list":
            found.append(filters)
        if identified and "{id}" in self.path:
            kind, description = identified
            found.append(OpenApiParameter("id", kind, OpenApiParameter.PATH, description=description))
        return found
