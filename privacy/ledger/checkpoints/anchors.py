"""Anchors: where checkpoints are put out of the database administrator's reach (law S-06: kept on other equipment)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.lib.durable_files import replace_text
from privacy.lib.integrations import mail

# So many of the newest checkpoints are compared one by one.
MAX_PER_RECENT_DAY = 1_000
READ_ONLY = 0o444
# The auditors' language.
AUDITORS_LANGUAGE = "ko"


class ConflictingAnchor(Exception):
    """An anchor of this size exists and says something else."""


def write_to_directory(folder: Path, size: int, note: str, heads: str, moment: int) -> str:
    """Put a checkpoint and the digest of its tree heads into an append-only directory; return the file's name.

    In production the directory is a mounted, object-locked store. An equal file that is there already is the same
    anchor; another one raises ``ConflictingAnchor``.
    """
    day = datetime.fromtimestamp(moment, UTC).strftime("%Y/%m/%d")
    path = folder / day / f"{size:012d}.checkpoint"
    present = sorted(folder.glob(f"*/*/*/{size:012d}.checkpoint"))
    if present:
        if present[0].read_text(encoding="utf-8") != note:
            raise ConflictingAnchor(f"{present[0]} holds another checkpoint of the same size.")
        return str(present[0].relative_to(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path.with_suffix(".heads"), heads, mode=READ_ONLY)
    replace_text(path, note, mode=READ_ONLY)
    return str(path.relative_to(folder))


def conflicting(folder: Path, size: int) -> bool:
    """Whether a checkpoint of a size that is about to be signed is anchored already."""
    return any(folder.glob(f"*/*/*/{size:012d}.checkpoint"))


def read_directory(folder: Path, *, everything: bool = False) -> list[tuple[str, str]]:
    """Return anchored checkpoints, ``(checkpoint, heads)``, oldest first: each day's last, and the newest days' many.

    Any one of them exposes a rollback or a rewriting of what lies before it, so the last of a day stands for the day,
    unless ``everything`` is asked for. The heads are empty where their file is gone.
    """
    paths: list[Path] = []
    days = sorted(folder.glob("*/*/*"))
    for day in days:
        inside = sorted(day.glob("*.checkpoint"))
        recent = inside[-MAX_PER_RECENT_DAY:] if day in days[-2:] else inside[-1:]
        paths += inside if everything else recent
    paths.sort(key=lambda path: path.name)
    return [(path.read_text("utf-8"), text_of(path.with_suffix(".heads"))) for path in paths]


def text_of(path: Path) -> str:
    """Return what stands in a file; nothing where it is gone."""
    return path.read_text("utf-8") if path.exists() else ""


def mail_checkpoint(addresses: Sequence[str], size: int, note: str, vkeys: Sequence[str], moment: int) -> str:
    """Mail a checkpoint to the auditors, who keep it where we can't reach, and return the Message-ID's key."""
    key = f"checkpoint-{size}-{moment}"
    for address in addresses:
        mail.send(
            to=address,
            subject=f"Checkpoint {size}",
            template="ledger_checkpoint",
            context={"note": note, "size": size, "vkeys": vkeys, "signed_at": datetime.fromtimestamp(moment, UTC)},
            language=AUDITORS_LANGUAGE,
            message_id=key,
        )
    return key


def mail_refusal(addresses: Sequence[str], size: int, refusal: str, moment: int) -> None:
    """Mail the auditors that the notary no longer signs, and why: nothing in the database can keep this back."""
    with override(AUDITORS_LANGUAGE):
        subject = _("The notary of the audit trail refuses to sign")
    for address in addresses:
        mail.send(
            to=address,
            subject=subject,
            template="ledger_refusal",
            context={"refusal": refusal, "size": size, "refused_at": datetime.fromtimestamp(moment, UTC)},
            language=AUDITORS_LANGUAGE,
            message_id=f"refusal-{size}-{moment}",
        )
