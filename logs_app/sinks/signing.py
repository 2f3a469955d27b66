"""Signatures as Standard Webhooks 1.0 has them: any of its libraries verifies them (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

PREFIX = "whsec_"


def headers(secret: str, id: str, body: bytes) -> dict[str, str]:
    """`id` stays the same when the same message is sent again. Without a secret nothing is signed."""
    moment = str(int(time.time()))
    named = {"webhook-id": id, "webhook-timestamp": moment}
    if not secret:
        return named
    signed = hmac.new(key_of(secret), f"{id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return named | {"webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}


def key_of(secret: str) -> bytes:
    """`whsec_` and base64, as the standard has it; any other text is the key itself."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
