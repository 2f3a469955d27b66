from __future__ import annotations

import pytest
import time_machine

from logs_app.sinks import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


@time_machine.travel(1614265330, tick=False)
def test_signatures_are_those_of_the_standard() -> None:
    """Its reference vector."""
    assert signing.headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", BODY) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["a plain secret", "whsec_not base64!"])
def test_any_text_is_a_secret(secret: str) -> None:
    assert signing.key_of(secret) == secret.encode()
