"""Whether digits that look like something are it: check digits, lengths, plans of numbering."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

DIGITS = re.compile(r"[^0-9]")
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
# Beginnings of card numbers and the lengths that are issued.
CARDS = tuple(
    (re.compile(beginning), frozenset(lengths))
    for beginning, lengths in (
        (r"4", (16,)),
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
        (r"3[47]", (15,)),
        (r"6011|64[4-9]|65", (16,)),
        (r"35(?:2[89]|[3-8])", (16,)),
        (r"30[0-5]|3[689]", (14, 16)),
        (r"62|81", (16, 17, 18, 19)),
        (r"50(?:18|20|38)|5893|6304|67(?:59|6[1-3])", (16, 18, 19)),
    )
)
CN_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def digits(text: str) -> str:
    return DIGITS.sub("", text)


def is_card(text: str) -> bool:
    number = digits(text)
    if not any(len(number) in lengths and start.match(number) for start, lengths in CARDS):
        return False
    return len(set(number)) > 1 and luhn(number)


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1."""
    plain = sum(map(int, number[-1::-2]))
    return (plain + sum(DOUBLED[int(digit)] for digit in number[-2::-2])) % 10 == 0


def is_iban(text: str) -> bool:
    """Without spaces; ISO 7064, modulo 97."""
    if IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def is_chinese_id(text: str) -> bool:
    """GB 11643, without separators; the date was matched before."""
    if CN_PROVINCES.match(text) is None:
        return False
    rest = sum(weight * int(digit) for weight, digit in zip(CN_WEIGHTS, text, strict=False)) % 11
    return "10X98765432"[rest] == text[17].upper()


@lru_cache(maxsize=4096)
def is_phone(text: str, region: str | None = None) -> bool:
    """By the plan of its country; without a region it must begin with + and the country's code."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False
