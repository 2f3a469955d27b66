"""Secrets that are known by how they begin: API keys, bearer tokens, JSON web tokens, private keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .kinds import API_KEY, JWT, PRIVATE_KEY, Span

WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Form(NamedTuple):
    """`beginning` is looked for first; `pattern` must match from there. Group 1, if any, is the secret."""

    beginning: str
    pattern: re.Pattern[str]
    kind: str = API_KEY
    is_mixed: bool = False  # words with hyphens look alike: wants letters and digits


def _form(beginning: str, rest: str, kind: str = API_KEY, is_mixed: bool = False) -> Form:
    return Form(beginning, re.compile(re.escape(beginning) + rest), kind, is_mixed)


FORMS = (
    # OpenAI, Anthropic, OpenRouter, DeepSeek, DashScope, Moonshot, this relay.
    _form("sk-", r"[A-Za-z0-9_-]{20,}+", is_mixed=True),
    _form("sk_", r"(?:live|test)_[A-Za-z0-9]{16,}+"),  # Stripe
    _form("rk_", r"(?:live|test)_[A-Za-z0-9]{16,}+"),
    _form("whsec_", r"[A-Za-z0-9+/=]{20,}+"),
    _form("AKIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),  # AWS
    _form("ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _form("AIza", r"[A-Za-z0-9_-]{35}"),  # Google
    _form("ya29.", r"[A-Za-z0-9_-]{20,}+"),
    _form("GOCSPX-", r"[A-Za-z0-9_-]{20,}+"),
    _form("ghp_", r"[A-Za-z0-9]{36,}+"),  # GitHub
    _form("gho_", r"[A-Za-z0-9]{36,}+"),
    _form("ghu_", r"[A-Za-z0-9]{36,}+"),
    _form("ghs_", r"[A-Za-z0-9]{36,}+"),
    _form("ghr_", r"[A-Za-z0-9]{36,}+"),
    _form("github_pat_", r"[A-Za-z0-9_]{22,}+"),
    _form("glpat-", r"[A-Za-z0-9_-]{20,}+"),  # GitLab
    _form("xox", r"[abeoprs]-[A-Za-z0-9-]{10,}+"),  # Slack
    _form("xapp-", r"[A-Za-z0-9-]{20,}+"),
    _form("hooks.slack.com/services/", r"(T[A-Za-z0-9]{6,}+/B[A-Za-z0-9]{6,}+/[A-Za-z0-9]{16,}+)"),
    _form("hf_", r"[A-Za-z0-9]{30,}+"),  # Hugging Face
    _form("gsk_", r"[A-Za-z0-9]{32,}+"),  # Groq
    _form("xai-", r"[A-Za-z0-9]{32,}+"),
    _form("csk-", r"[A-Za-z0-9]{32,}+"),  # Cerebras
    _form("pplx-", r"[A-Za-z0-9]{32,}+"),  # Perplexity
    _form("nvapi-", r"[A-Za-z0-9_-]{32,}+"),
    _form("r8_", r"[A-Za-z0-9]{32,}+"),  # Replicate
    _form("npm_", r"[A-Za-z0-9]{36}"),
    _form("pypi-", r"[A-Za-z0-9_-]{50,}+"),
    _form("SG.", r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),  # SendGrid
    _form("LTAI", r"[A-Za-z0-9]{12,26}(?![A-Za-z0-9])"),  # Alibaba Cloud
    _form("AKID", r"[A-Za-z0-9]{28,36}(?![A-Za-z0-9])"),  # Tencent Cloud
    _form("eyJ", r"[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){1,3}", JWT),
    _form("Bearer ", r"([A-Za-z0-9._~+/=-]{20,}+)", is_mixed=True),
    _form("bearer ", r"([A-Za-z0-9._~+/=-]{20,}+)", is_mixed=True),
    _form("secret_access_key", r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
    _form("SecretAccessKey", r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
    _form("SECRET_ACCESS_KEY", r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
)  # fmt: skip
# These stand at the end of longer names.
INNER = frozenset({"secret_access_key", "SecretAccessKey", "SECRET_ACCESS_KEY"})
PEM_BEGIN = "-----BEGIN "
PEM_FRAME = re.compile("-----(?:BEGIN|END) ")
PEM_HEAD = re.compile(r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----")
PEM_TAIL = re.compile(r"-----END [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----")
PEM_BODY = re.compile(r"(?:[A-Za-z0-9+/=:,.\s]|\\[nr]|-(?!----))*+")
# Without its end only what cannot be prose.
PEM_LINES = re.compile(r"(?:(?:\s|\\[nr])*+[A-Za-z0-9+/=]{24,}+)*+")
BASE64 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=\\ \r\n"
SHORTEST_PEM_BODY = 40
SHORTEST_KEY = 16


def keys(text: str) -> Iterator[Span]:
    if len(text) < SHORTEST_KEY:
        return
    for form in FORMS:
        if form.beginning in text:
            yield from _of_form(text, form)


def private_keys(text: str) -> Iterator[Span]:
    """With their frame; where one end is missing, as far as there is something like a key."""
    done = 0
    for place in _frames(text):
        if place < done:
            continue
        head, tail = PEM_HEAD.match(text, place), PEM_TAIL.match(text, place)
        start, end = place, place
        if head is not None:
            end = _end_of_pem(text, head.end())
        elif tail is not None:
            start, end = max(done, len(text[:place].rstrip(BASE64))), tail.end()
        if end - start >= SHORTEST_PEM_BODY + len(PEM_BEGIN):
            yield Span(start, end, PRIVATE_KEY)
            done = end


def _frames(text: str) -> Iterator[int]:
    if "PRIVATE KEY" in text:
        for match in PEM_FRAME.finditer(text):
            yield match.start()


def _of_form(text: str, form: Form) -> Iterator[Span]:
    start = text.find(form.beginning)
    while start >= 0:
        after = start + len(form.beginning)
        if start == 0 or text[start - 1] not in WORD or form.beginning in INNER:
            match = form.pattern.match(text, start)
            if match is not None:
                after = match.end()
                begin, end = match.span(1) if form.pattern.groups else match.span()
                if not form.is_mixed or _is_mixed(text[begin:end]):
                    yield Span(begin, end, form.kind)
        start = text.find(form.beginning, after)


def _is_mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _end_of_pem(text: str, start: int) -> int:
    body = PEM_BODY.match(text, start)
    tail = PEM_TAIL.match(text, body.end()) if body else None
    if body is not None and tail is not None:
        return tail.end() if body.end() - start >= SHORTEST_PEM_BODY else start
    lines = PEM_LINES.match(text, start)
    return lines.end() if lines else start
