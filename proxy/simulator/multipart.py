"""multipart/form-data (RFC 7578) read from bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message


class BadForm(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class FilePart:
    name: str
    filename: str
    content_type: str
    content: bytes


@dataclass(slots=True)
class Form:
    values: dict[str, list[str]] = field(default_factory=dict)
    files: list[FilePart] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, [default])[0]


DISPOSITION = re.compile(rb"\r\ncontent-disposition:", re.IGNORECASE)


def boundary_of(content_type: str) -> bytes:
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not boundary:
        raise BadForm("expected multipart/form-data with a boundary")
    return str(boundary).encode("latin-1")


def parse(content_type: str, body: bytes) -> Form:
    delimiter = b"\r\n--" + boundary_of(content_type)
    sections = (b"\r\n" + body).split(delimiter)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise BadForm("the multipart body does not end with its boundary")
    form = Form()
    for section in sections[1:-1]:
        _add_part(form, section)
    return form


def _add_part(form: Form, section: bytes) -> None:
    head, blank, content = section.partition(b"\r\n\r\n")
    if not blank or not DISPOSITION.search(head):
        raise BadForm("a part without content-disposition")
    fields = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip()] = value.strip()
    name = str(fields.get_param("name", "", "content-disposition"))
    filename = fields.get_param("filename", None, "content-disposition")
    if filename is None:
        form.values.setdefault(name, []).append(content.decode("utf-8", "replace"))
    else:
        content_type = fields.get("content-type", "application/octet-stream")
        form.files.append(FilePart(name, str(filename), content_type, content))
