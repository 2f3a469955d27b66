"""Numbers of people: telephones, identity cards, payment cards, bank accounts.

The text is searched once for clusters of digits; the patterns see a cluster and its surroundings, so that
prose costs little, and each number is checked by its own rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import checks
from .kinds import CARD, CN_ID, IBAN, PHONE, SSN, Span

CLUSTER = re.compile(r"[0-9][0-9 ().-]{6,}")
SURROUNDINGS = 6
FEWEST = 7
# No part of a longer number, a name, a decimal or a UUID.
LEFT = r"(?<![0-9A-Za-z_])(?<![0-9][.-])(?<![0-9a-fA-F]{4}-)"
RIGHT = r"(?![0-9A-Za-z_])(?![.-][0-9])"

CARD_FORM = re.compile(
    LEFT + r"[2-8](?:[0-9]{13,18}|[0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?|"
    r"[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5})" + RIGHT
)  # fmt: skip
CN_ID_FORM = re.compile(
    LEFT + r"[1-8][0-9]{5}[ -]?(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"[ -]?[0-9]{3}[0-9Xx]"
    + RIGHT
)  # fmt: skip
SSN_FORM = re.compile(
    LEFT + r"(?!000|666|9)[0-9]{3}(-?|[ .])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?!-[A-Za-z])" + RIGHT
)
CN_MOBILE = re.compile(LEFT + r"(?:(?:\+|00)?86\)?[ -]?)?(1[3-9][0-9](?:[ -]?[0-9]{4}){2})" + RIGHT)
CN_LANDLINE = re.compile(LEFT + r"(?:\(0[0-9]{2,3}\) ?|0[0-9]{2,3}-)[1-9][0-9]{2,3}-?[0-9]{4}" + RIGHT)
ABROAD = re.compile(r"(?<![0-9A-Za-z_+])(?:\+|00)\(?[1-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9A-Za-z_])")
US_PHONE = re.compile(
    r"(?<![0-9A-Za-z_+.-])(?:1[ .-])?(?:\([2-9][0-9]{2}\)[ -]?|[2-9][0-9]{2}([ .-]))"
    r"[2-9][0-9]{2}(?(1)\1|[ .-])[0-9]{4}" + RIGHT
)
# What somebody calls a telephone number is one, however it is written.
PHONE_NAMES = ("phone", "mobile", "tel", "cell", "fax", "whatsapp", "wechat", "电话", "联系方式", "传真")
NAMED_PHONE = re.compile(
    r"(?i:phone|mobile|tel|telephone|cell|fax|whatsapp|wechat|电话|联系方式|传真)(?:号码?)?"
    r"(?i:[ _-]?(?:number|num|no\.?|#))?[\"']?[ ]?(?:is|was|[:：=是为])?[ ]?[\"']?[(+]?\Z"
)  # fmt: skip
NAMED_SSN = re.compile(r"(?i:\bssn|social security|社会安全号码?|社保号码?).{0,16}\Z", re.DOTALL)
ANY_PHONE = re.compile(r"[0-9](?:[ ().-]{0,2}[0-9]){6,14}" + RIGHT)
IBAN_START = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?=[ -]?[0-9A-Z]{4})")
SEPARATORS = " ().-"


def numbers(text: str) -> Iterator[Span]:
    for cluster in CLUSTER.finditer(text):
        shown = cluster[0].strip(SEPARATORS)
        count = len(shown) if shown.isdigit() else len(checks.digits(shown))
        if count >= FEWEST:
            start, end = max(0, cluster.start() - SURROUNDINGS), cluster.end() + 2
            found = _of_count(text, start, end, count)
            # A plus makes it a number abroad; only separators or a name make fewer than 11 digits one at all.
            if "+" in text[start : cluster.start()] or "00" in shown:
                found += _abroad(text, start, end)
            if not found:
                found += _named_phone(text, start, end)
            yield from found


def ibans(text: str) -> Iterator[Span]:
    for match in IBAN_START.finditer(text):
        wanted = checks.IBAN_LENGTHS.get(match[0][:2], 0)
        end = _after_characters(text, match.start(), wanted)
        if end and checks.is_iban(text[match.start() : end].replace(" ", "").replace("-", "")):
            yield Span(match.start(), end, IBAN)


def _of_count(text: str, start: int, end: int, count: int) -> list[Span]:
    """By the patterns that fit so many digits, which may be those of several numbers."""
    found: list[Span] = []
    if count >= 9:
        found += _ssns(text, start, end)
    if count >= 10:
        found += _phones(text, start, end)
    if count >= 14:
        found += _cards(text, start, end)
    if count >= 17:
        found += _identities(text, start, end)
    return found


def _cards(text: str, start: int, end: int) -> Iterator[Span]:
    for match in CARD_FORM.finditer(text, start, end):
        if checks.is_card(match[0]):
            yield Span(*match.span(), CARD)


def _identities(text: str, start: int, end: int) -> Iterator[Span]:
    for match in CN_ID_FORM.finditer(text, start, end):
        if checks.is_chinese_id(match[0].replace(" ", "").replace("-", "")):
            yield Span(*match.span(), CN_ID)


def _ssns(text: str, start: int, end: int) -> Iterator[Span]:
    for match in SSN_FORM.finditer(text, start, end):
        if match[1] == "-" or NAMED_SSN.search(text, max(0, match.start() - 48), match.start()):
            yield Span(*match.span(), SSN)


def _phones(text: str, start: int, end: int) -> Iterator[Span]:
    for match in CN_MOBILE.finditer(text, start, end):
        if checks.is_phone("+86" + checks.digits(match[1])):
            # The plus may be outside of the window.
            before = text[max(0, match.start() - 2) : match.start()]
            yield Span(match.start() - len(before) + len(before.rstrip("(+")), match.end(), PHONE)
    for match in CN_LANDLINE.finditer(text, start, end):
        if checks.is_phone(match[0], "CN"):
            yield Span(*match.span(), PHONE)
    for match in US_PHONE.finditer(text, start, end):
        if match[1] not in (" ", ".") or checks.is_phone(match[0], "US"):
            yield Span(*match.span(), PHONE)


def _abroad(text: str, start: int, end: int) -> Iterator[Span]:
    for match in ABROAD.finditer(text, start, end):
        if shown := _longest_phone(match[0]):
            yield Span(match.start(), match.start() + len(shown), PHONE)


def _longest_phone(shown: str) -> str:
    """The longest beginning that is a number of its country: what follows may be another number."""
    while len(shown) > 7:
        if checks.is_phone("+" + shown[2:] if shown.startswith("00") else shown):
            return shown
        shown = shown.rstrip("0123456789").rstrip(SEPARATORS)
    return ""


def _named_phone(text: str, start: int, end: int) -> Iterator[Span]:
    before = text[max(0, start - 32) : end].lower()
    if not any(name in before for name in PHONE_NAMES):
        return
    match = ANY_PHONE.search(text, start, end)
    if match is not None and NAMED_PHONE.search(text, max(0, match.start() - 32), match.start()):
        opened = match.start() - (text[match.start() - 1 : match.start()] in ("(", "+"))
        yield Span(max(opened, 0), match.end(), PHONE)


def _after_characters(text: str, start: int, wanted: int) -> int:
    """The place after so many letters and digits, single spaces and hyphens between them not counted."""
    place, rest = start, wanted
    while rest and place < len(text) and place - start < 2 * wanted:
        if text[place].isalnum():
            rest -= 1
        elif text[place] not in " -" or text[place - 1] in " -":
            return 0
        place += 1
    is_whole = wanted and not rest and not text[place : place + 1].isalnum()
    return place if is_whole else 0
