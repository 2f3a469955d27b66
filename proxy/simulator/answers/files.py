"""/files and /uploads: what was uploaded can be listed, read back and deleted."""

from __future__ import annotations

from typing import Any

from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal, not_found
from proxy.simulator.multipart import FilePart
from proxy.simulator.replies import Answer, json_answer, listing


def upload(call: Call) -> Answer:
    form = call.form
    if not form.files:
        raise Refusal(400, "Missing required parameter: 'file'.", param="file")
    part = form.files[0]
    unseen = call.body.size - len(call.content)
    shown = keep(
        call, part.filename, form.get("purpose", "user_data"), part.content, len(part.content) + unseen
    )
    return json_answer(shown)


def keep(call: Call, name: str, purpose: str, content: bytes, size: int | None = None) -> dict[str, Any]:
    """A file of ours; its content is kept only when we have all of it."""
    file_id = call.make_id("file-")
    shown = {
        "id": file_id,
        "object": "file",
        "bytes": len(content) if size is None else size,
        "created_at": call.now,
        "expires_at": None,
        "filename": name,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }
    if size is None or size == len(content):
        call.shelves.contents.put(file_id, content)
    return call.shelves.files.put(file_id, shown)


def list_all(call: Call) -> Answer:
    purpose = call.arguments.get("purpose")
    files = [each for each in call.shelves.files.newest() if purpose in (None, each["purpose"])]
    return listing(files, call.arguments)


def retrieve(call: Call, file_id: str) -> Answer:
    return json_answer(_stored(call, file_id))


def read(call: Call, file_id: str) -> Answer:
    shown = _stored(call, file_id)
    content = call.shelves.contents.get(file_id)
    if content is None:
        raise Refusal(404, f"The content of '{file_id}' was too large to be kept.", param="id")
    disposition = ("content-disposition", f'attachment; filename="{shown["filename"]}"')
    return Answer(content, content_type="application/octet-stream", headers=[disposition])


def delete(call: Call, file_id: str) -> Answer:
    _stored(call, file_id)
    call.shelves.files.remove(file_id)
    call.shelves.contents.remove(file_id)
    return json_answer({"id": file_id, "object": "file", "deleted": True})


def _stored(call: Call, file_id: str) -> dict[str, Any]:
    shown = call.shelves.files.get(file_id)
    if shown is None:
        raise not_found("File object", file_id)
    return shown


def begin_upload(call: Call) -> Answer:
    upload_id = call.make_id("upload_")
    shown = {
        "id": upload_id,
        "object": "upload",
        "bytes": call.json.get("bytes") or 0,
        "created_at": call.now,
        "expires_at": call.now + 3600,
        "filename": call.need("filename"),
        "purpose": call.need("purpose"),
        "status": "pending",
        "file": None,
    }
    call.shelves.uploads.put(upload_id, {"shown": shown, "parts": {}})
    return json_answer(shown)


def add_part(call: Call, upload_id: str) -> Answer:
    parts: list[FilePart] = call.form.files
    if not parts:
        raise Refusal(400, "Missing required parameter: 'data'.", param="data")
    part_id = call.make_id("part_")
    _begun(call, upload_id)["parts"][part_id] = parts[0].content
    return json_answer(
        {"id": part_id, "object": "upload.part", "created_at": call.now, "upload_id": upload_id}
    )


def complete_upload(call: Call, upload_id: str) -> Answer:
    begun = _begun(call, upload_id)
    content = b"".join(begun["parts"].get(part_id, b"") for part_id in call.need("part_ids"))
    shown = begun["shown"]
    shown["file"] = keep(call, shown["filename"], shown["purpose"], content)
    shown["status"] = "completed"
    return json_answer(shown)


def cancel_upload(call: Call, upload_id: str) -> Answer:
    shown = _begun(call, upload_id)["shown"]
    shown["status"] = "cancelled"
    return json_answer(shown)


def _begun(call: Call, upload_id: str) -> dict[str, Any]:
    begun = call.shelves.uploads.get(upload_id)
    if begun is None:
        raise not_found("upload", upload_id)
    return begun
