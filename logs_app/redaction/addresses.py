"""E-mail and IP addresses, found in a time that grows with the text and with nothing else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from .kinds import EMAIL, IP, PASSWORD, Span

LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+'-"
LONGEST_LOCAL, LONGEST_DOMAIN = 64, 253
DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*+)")
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
SHORT_TOP = re.compile(r"(?:[A-Za-z]{2,3}|xn--[A-Za-z0-9]{4,20})\Z")
# Of the longer ones those in use for mail: any word would make code and prose look like addresses.
LONG_TOPS = frozenset((
    "academy", "aero", "agency", "arpa", "asia", "bank", "berlin", "blog", "capital", "care", "center",
    "cloud", "club", "community", "company", "consulting", "coop", "corp", "design", "digital", "education",
    "email", "energy", "engineering", "example", "finance", "foundation", "fund", "global", "group",
    "health", "home", "host", "info", "institute", "internal", "international", "invalid", "jobs", "legal",
    "life", "link", "live", "local", "london", "marketing", "media", "mobi", "museum", "name", "network",
    "news", "online", "page", "paris", "partners", "photography", "press", "school", "science", "services",
    "shop", "site", "software", "solutions", "space", "store", "studio", "support", "systems", "team",
    "tech", "technology", "test", "today", "tokyo", "tools", "travel", "university", "ventures", "website",
    "wiki", "work", "works", "world", "zone",
))  # fmt: skip
# icon@2x.png, and what else is no host.
FILES = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "yaml", "yml", "toml", "lock",
     "html", "txt")
)  # fmt: skip
USERINFO = re.compile(r"://[^\s/@:?#\"'<>`]{0,128}+:([^\s/@\"'<>`]{1,256}+)@")
# Dotted quads that are no part of a longer version.
IPV4 = re.compile(
    r"(?<![0-9A-Za-z_.-])(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}"
    r"(?![0-9A-Za-z_-]|\.[0-9])"
)
IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f:]{4,39}(?![0-9A-Za-z:])")


def emails(text: str) -> Iterator[Span]:
    at = text.find("@")
    while at >= 0:
        span = _email_around(text, at)
        if span is not None:
            yield span
        at = text.find("@", at + 1)


def passwords(text: str) -> Iterator[Span]:
    """Of addresses: scheme://user:password@host."""
    if "://" in text and "@" in text:
        for match in USERINFO.finditer(text):
            yield Span(*match.span(1), PASSWORD)


def ips(text: str) -> Iterator[Span]:
    if text.count(".") >= 3:
        for match in IPV4.finditer(text):
            yield Span(*match.span(), IP)
    if text.count(":") >= 2:
        for match in IPV6.finditer(text):
            if _is_ipv6(match[0]):
                yield Span(*match.span(), IP)


def _email_around(text: str, at: int) -> Span | None:
    match = DOMAIN.match(text, at + 1, at + 1 + LONGEST_DOMAIN)
    if match is None or "." not in match[0]:
        return None
    before = text[max(0, at - LONGEST_LOCAL) : at]
    local = before[len(before.rstrip(LOCAL)) :].lstrip(".%+-'")
    if not local or local[-1] == ".":
        return None
    domain = _host(match[0])
    end = at + 1 + len(domain)
    # x@w.transpose() is code, git@host:path an address of a repository.
    following = text[end : end + 1]
    if not domain or following == "(" or (local == "git" and following in (":", "/")):
        return None
    return Span(at - len(local), end, EMAIL)


def _host(run: str) -> str:
    """The longest beginning that is a host name with a top-level domain."""
    labels = run.rstrip(".-").split(".")
    for count, label in enumerate(labels):
        if LABEL.match(label) is None:
            labels = labels[:count]
            break
    while len(labels) > 1 and not _is_top(labels[-1]):
        labels.pop()
    return ".".join(labels) if len(labels) > 1 and labels[-1].lower() not in FILES else ""


def _is_top(label: str) -> bool:
    return label.lower() in LONG_TOPS or SHORT_TOP.match(label) is not None


def _is_ipv6(text: str) -> bool:
    if text.count(":") < 2 or text.strip(":") == "":
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "::" in text or text.count(":") == 7
