"""The journal's files: who wrote them, whether the writer lives, and the encrypted entries.

`<life>-<number>.seg` is one file of one writer process (a life). `<life>-c<number><random>.seg` is a carry
segment: entries which the recorder copied out of older ones because their exchanges are still open.
The writer holds a flock on the file it appends to, and opens the next file before it lets go of the last:
a life whose newest segment is unlocked is dead, and everything it wrote is there to be read.

    header:  magic | length u16 | node id | key id | nonce | the segment's own AES-256 key, wrapped
    entry:   length u32 | AES-GCM(nonce = the entry's offset in the file,
                                  kind u8 | exchange id 16 | offset_us u64 | payload)

The nonce is the entry's place in the file: one that was moved, doubled or cut out does not decrypt.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.secrets import sealing
from accounts.secrets.sealing import KEY_BYTES, Seal

OPENED, REQUEST_PART, ANSWERED, PART, CLOSED, REJECTED, SENT = range(1, 8)

MAGIC = b"LRSEG\x00\x00\x01"  # the last byte is the version of the format
ENTRY = struct.Struct("<B16sQ")
LENGTH = struct.Struct("<I")
HEADER_LENGTH = struct.Struct("<H")
NONCE = struct.Struct(">4xQ")
# The journal cuts bodies into parts of 1 MB; a length beyond this is a damaged file.
MAX_ENTRY_BYTES = 64 << 20

_NAME = re.compile(r"([0-9a-f]{16})-(?:(\d{8})|c(\d{8})[0-9a-f]{8})\.seg")
_PURPOSE = b"llm-relay journal"
_WRAPPED_BYTES = KEY_BYTES + sealing.ADDED_BYTES


class Unreadable(Exception):
    """A segment that no key opens, or that is not one. Says why, for the person who finds the file."""


class Name(NamedTuple):
    life: str
    is_carry: bool
    number: int


def new_life() -> str:
    return secrets.token_hex(8)


def segment_name(life: str, number: int) -> str:
    return f"{life}-{number:08d}.seg"


def carry_name(life: str, number: int) -> str:
    """Random at the end, so that two recorders at once never write the same file."""
    return f"{life}-c{number:08d}{secrets.token_hex(4)}.seg"


def parse_name(file_name: str) -> Name | None:
    match = _NAME.fullmatch(file_name)
    if match is None:
        return None
    life, number, carry_number = match.groups()
    return Name(life, number is None, int(number or carry_number))


class MasterKeys:
    """Wrap the keys of segments, under FIELD_ENCRYPTION_KEYS; say why one cannot be unwrapped."""

    def __init__(self, secrets_newest_first: Iterable[str]) -> None:
        self._seal = Seal(secrets_newest_first, _PURPOSE)

    def wrap(self, data_key: bytes, node: bytes) -> bytes:
        return self._seal.close(data_key, MAGIC + node)

    def unwrap(self, wrapped: bytes, node: bytes) -> bytes:
        key_id = sealing.key_id_of(wrapped)
        if not self._seal.knows(key_id):
            raise Unreadable(
                f"written with encryption key {key_id.hex()}, which is not among FIELD_ENCRYPTION_KEYS"
            )
        data_key = self._seal.open(wrapped, MAGIC + node)
        if data_key is None:
            raise Unreadable("its header is damaged")
        return data_key


class Writer:
    """Appends entries to one new segment. Not for two threads at once."""

    __slots__ = ("_seal", "fd", "name", "offset", "start")

    def __init__(self, directory: Path, name: str, node: str, masters: MasterKeys) -> None:
        data_key = AESGCM.generate_key(KEY_BYTES * 8)
        header = _encode_header(node.encode(), data_key, masters)
        self.name = name
        self.fd = _create_locked(directory, name, header)
        self._seal = AESGCM(data_key).encrypt
        self.start = self.offset = len(header)

    def append(self, entry: bytes) -> None:
        sealed = self._seal(NONCE.pack(self.offset), entry, None)
        data = LENGTH.pack(len(sealed)) + sealed
        if os.write(self.fd, data) != len(data):
            raise OSError(errno.ENOSPC, "short write")
        self.offset += len(data)

    def truncate(self) -> None:
        """Takes back what a failed append left. The nonce of that place is used up: append nothing more."""
        os.ftruncate(self.fd, self.offset)

    def sync(self) -> None:
        os.fdatasync(self.fd)

    def close(self) -> None:
        os.close(self.fd)


def _encode_header(node: bytes, data_key: bytes, masters: MasterKeys) -> bytes:
    rest = bytes([len(node)]) + node + masters.wrap(data_key, node)
    return MAGIC + HEADER_LENGTH.pack(len(rest)) + rest


def _create_locked(directory: Path, name: str, header: bytes) -> int:
    """It has its name only when it is locked and its header whole: a reader never meets less."""
    temporary, final = directory / f".{name}.tmp", directory / name
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.write(fd, header) != len(header):
            raise OSError(errno.ENOSPC, "short write")
        os.rename(temporary, final)
    except BaseException:
        os.close(fd)
        temporary.unlink(missing_ok=True)
        raise
    return fd


def read_header(fd: int, masters: MasterKeys) -> tuple[str, AESGCM, int]:
    """Node id, cipher of the entries, and where the first entry begins."""
    head = os.pread(fd, len(MAGIC) + HEADER_LENGTH.size, 0)
    if len(head) < len(MAGIC) + HEADER_LENGTH.size or not head.startswith(MAGIC[:-1]):
        raise Unreadable("it is not a journal segment")
    if head[len(MAGIC) - 1] != MAGIC[-1]:
        raise Unreadable(
            f"its format is version {head[len(MAGIC) - 1]}, this relay reads version {MAGIC[-1]}"
        )
    (length,) = HEADER_LENGTH.unpack_from(head, len(MAGIC))
    rest = os.pread(fd, length, len(head))
    if len(rest) < length or length != 1 + rest[0] + _WRAPPED_BYTES:
        raise Unreadable("its header is damaged")
    node, wrapped = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    return node.decode("utf-8", "replace"), AESGCM(masters.unwrap(wrapped, node)), len(head) + length


def header_bytes(path: Path) -> int:
    """Where its first entry begins, for whoever has no key; 0 when it is gone or no segment."""
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC) + HEADER_LENGTH.size)
    except FileNotFoundError:
        return 0
    is_segment = head.startswith(MAGIC) and len(head) == len(MAGIC) + HEADER_LENGTH.size
    return len(head) + HEADER_LENGTH.unpack_from(head, len(MAGIC))[0] if is_segment else 0


def sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
