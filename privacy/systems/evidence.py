"""The evidence of connected systems as a file, and its check: by key and bytes alone, without this portal.

A file lists answers as they were given; ``check`` asks no database. Whether a key was the system's own is what the
register of connections says, so a reader compares the keys with it.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from privacy.systems import protocol
from privacy.systems.models import Answer, SystemTask
from privacy.systems.protocol import WrongAnswer

FORMAT = "extrus-privacy-portal/system-answers/1"
SIGNED = "Ed25519 over v1.{call}.{verb}.{request}.{answer}: docs/connected-systems.md"
FIELDS = ("call", "verb", "request", "answer", "signature", "public_key")


def file_of(tasks: Iterable[SystemTask]) -> dict[str, Any]:
    """Return the signed answers of tasks as a file."""
    return {
        "format": FORMAT,
        "signed": SIGNED,
        "tasks": [
            {
                "task": task.reference,
                "system": task.system.code,
                "act": task.act,
                "case": task.case,
                "state": task.state,
                "proof": str(task.proof_id or ""),
                "answers": [entry_of(answer) for answer in task.answers.all()],
            }
            for task in tasks
        ],
    }


def entry_of(answer: Answer) -> dict[str, str]:
    """Return an answer as it stands in a file."""
    return {
        "call": str(answer.id),
        "verb": answer.verb,
        "request": answer.request_digest,
        "answer": base64.b64encode(answer.body.encode()).decode(),
        "signature": answer.signature,
        "public_key": answer.public_key,
        "answered_at": answer.answered_at.isoformat(),
    }


def check(said: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a file: nothing where every answer is signed and every proof is one of its answers."""
    if said.get("format") != FORMAT or not isinstance(said.get("tasks"), list):
        return ["format"]
    wrong = []
    for task in said["tasks"]:
        name, answers = str(task.get("task")), list(task.get("answers", ()))
        wrong += [f"{name}: {why}" for answer in answers for why in check_answer(answer)]
        if task.get("proof") and task["proof"] not in {answer.get("call") for answer in answers}:
            wrong.append(f"{name}: proof-missing")
        proof = next((one for one in answers if one.get("call") == task.get("proof")), None)
        if proof is not None and task.get("act") in ("correct", "destroy") and proof.get("verb") != protocol.READ_BACK:
            wrong.append(f"{name}: no-read-back")
    return wrong


def check_answer(entry: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with one answer of a file."""
    if not all(isinstance(entry.get(name), str) for name in FIELDS):
        return ["malformed"]
    try:
        answer = base64.b64decode(entry["answer"], validate=True)
        protocol.verify_answer(
            entry["public_key"], entry["signature"], key=entry["call"], verb=entry["verb"],
            request_digest=entry["request"], answer=answer,
        )  # fmt: skip
    except (ValueError, WrongAnswer):
        return [f"{entry['call']}: wrong-signature"]
    return []


def digest_of(answer: Answer) -> str:
    """Return the SHA-256 of an answer, as certificates and the audit trail name it."""
    return hashlib.sha256(answer.body.encode()).hexdigest()
