"""How drf-spectacular describes the management API."""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, Any] = {
    "TITLE": "LLM Relay: management API",
    "DESCRIPTION": (
        "Projects, tokens, credentials, the audit log and the records. Every path answers with and without a "
        "last slash. PUT changes only what it names, like PATCH; null clears. A parameter or a member that "
        "is not known is an error."
    ),
    "PREPROCESSING_HOOKS": ["relay.openapi.without_last_slash"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "relay.openapi.with_errors"],
    "COMPONENT_SPLIT_REQUEST": True,
    "AUTHENTICATION_WHITELIST": [
        "accounts.signin.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "TokenStatus": "accounts.api.tokens.STATUS",
        "CredentialStatus": "accounts.api.credentials.STATUS",
        "APIKeyStatus": "accounts.api.aliases.STATUS",
        "ProviderStatus": "proxy.health.standing.STATUSES",
        "ProviderHealthStatus": "proxy.api.v1health.STATUS",
        "AuditOutcome": "accounts.audit.events.OUTCOMES",
        "RecordOutcome": "logs_app.models.Outcome",
        "AlertKind": "logs_app.models.alerts.Kind",
    },
}
