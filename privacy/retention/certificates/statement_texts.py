"""What was done to whom, in words: certificate, register and pages say the same sentences, each from a list's facts.

A statement is the signed content of a certificate (``statements``). Sentences are never written beside the facts: what
was not done is not said. Older statements lack some facts; what they lack is derived from the others.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.accounts.display_names import name_with_reference
from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text, datetime_text
from privacy.retention.models import DestructionLine, DestructionList

type Statement = Mapping[str, Any]

# How a reference of an account begins.
ACCOUNT = "U-"
LineState, Unit = DestructionLine.State, DestructionList.Unit


def skipped_by_reason(said: Statement) -> list[tuple[str, int]]:
    """Return why people of the list were left out, with their number by reason."""
    reasons = {
        LineState.HELD: _("hold for litigation or an investigation"),
        LineState.FROZEN: _("open correction"),
        LineState.REQUESTED: _("open request"),
        LineState.NOT_DUE: _("no longer due"),
        LineState.DROPPED: _("already destroyed under another list"),
    }
    return [
        (reasons.get(LineState(why), why), count) for why, count in sorted(said["destroyed"]["passed_over"].items())
    ]


def key_kept(said: Statement) -> bool:
    """Whether the key of a month was kept for those who were left out."""
    destroyed = said["destroyed"]
    inferred = said["unit"] == Unit.MONTH and not destroyed["keys"] and bool(destroyed["passed_over"])
    return bool(destroyed.get("key_kept", inferred))


def nothing_found(said: Statement) -> bool:
    """Whether of nobody on the list a row or a key was there: then nothing was destroyed, and nothing is said of it."""
    destroyed = said["destroyed"]
    return not destroyed["keys"] and not any(destroyed["rows"].values())


def records_removed(rows: Mapping[str, int]) -> int:
    """Return how many records went: the archive's rows hold several each and are not counted beside them."""
    return rows["records"] if "records" in rows else sum(rows.values())


def method(said: Statement) -> str:
    """Return how it was destroyed (forms F-6, F-7)."""
    destroyed = said["destroyed"]
    rows = any(destroyed["rows"].values())
    if nothing_found(said):
        return _("nothing to destroy: no record and no key")
    if not destroyed["keys"]:
        return _("rows removed; no key destroyed")
    if not rows:
        return _("keys destroyed (cryptographic erasure)")
    if said["unit"] == Unit.ARCHIVE:
        months, people = _archive_keys(said)
        if months and people:
            return _("rows removed; keys of the finished months and of people of whom nothing is left destroyed")
        if people:
            return _("rows removed; keys of people of whom nothing is left destroyed (cryptographic erasure)")
        return _("rows removed; keys of the finished months destroyed (cryptographic erasure)")
    if said["unit"] == Unit.PEOPLE and destroyed["keys"] < destroyed["people"]:
        return _("any keys destroyed (cryptographic erasure), and rows removed")
    return _("keys destroyed (cryptographic erasure) and rows removed")


def _archive_keys(said: Statement) -> tuple[int, int]:
    """Return how many keys of finished months went from the archive, and how many of people."""
    destroyed = said["destroyed"]
    months = destroyed.get("month_keys", destroyed["keys"])
    return months, destroyed["keys"] - months


def outcome(said: Statement) -> list[str]:
    """Return, in sentences, whose data was destroyed and whose was not."""
    destroyed = said["destroyed"]
    people = destroyed["people"]
    out = sum(destroyed["passed_over"].values())
    told = []
    if destroyed["keys"]:
        told.append(
            ngettext(
                "The data of %(count)d person was destroyed.", "The data of %(count)d people was destroyed.", people
            )
            % {"count": people}
        )
    elif nothing_found(said):
        told.append(
            ngettext(
                "No record and no key of %(count)d person was found.",
                "No record and no key of %(count)d people was found.",
                people,
            )
            % {"count": people}
        )
    else:
        told.append(
            ngettext(
                "The rows of %(count)d person were removed. No key was destroyed.",
                "The rows of %(count)d people were removed. No key was destroyed.",
                people,
            )
            % {"count": people}
        )
    if out:
        why = ", ".join(f"{reason} {count}" for reason, count in skipped_by_reason(said))
        told.append(
            ngettext("%(count)d person was left out: %(why)s.", "%(count)d people were left out: %(why)s.", out)
            % {"count": out, "why": why}
        )
    if key_kept(said):
        told.append(_("The key of the month was kept because the people left out still need it."))
    listed = destroyed.get("listed")
    if listed is not None and listed != people + out:
        told.append(
            _("The list counted %(listed)d people when it was made; %(found)d were found when it was carried out.")
            % {"listed": listed, "found": people + out}
        )
    return told


def backup_copies(said: Statement) -> str:
    """Return what becomes of the copies in backups: which can still be opened, and until when (docs/security.md)."""
    final = said["finality"]
    if nothing_found(said):
        return _("Nothing was destroyed, so no backup copies are affected.")
    if final.get("last_data_backup_ends_on"):
        ends_on = date.fromisoformat(final["last_data_backup_ends_on"])
    else:
        # Older statements don't say it: it follows from the day and from how long data backups are kept.
        removed = _day(said["carried_out"].get("rows_removed_at") or said["carried_out"]["done_at"])
        ends_on = removed + timedelta(days=settings.DATA_BACKUP_DAYS)
    end = {"day": date_text(ends_on)}
    if not said["destroyed"]["keys"]:
        return (
            _(
                "No key was destroyed. Copies in data backups made before the destruction can be opened until those "
                "backups end on %(day)s."
            )
            % end
        )
    if said["unit"] == Unit.ARCHIVE:
        # The key of a month goes with the month; records end on their own day before it.
        if _archive_keys(said)[1]:
            return (
                _(
                    "Copies in data backups made before the destruction can be opened until those backups end on "
                    "%(day)s, unless the key of the month or of the person was destroyed."
                )
                % end
            )
        return (
            _(
                "For months whose key was not destroyed, copies in data backups made before the destruction can be "
                "opened until those backups end on %(day)s."
            )
            % end
        )
    if final["generation_ended_at"]:
        return no_copy_readable()
    return _(
        "Copies in backups can't be opened without the destroyed keys. Key backups made before the destruction may "
        "still hold these keys until %(day)s."
    ) % {"day": date_text(date.fromisoformat(final["last_key_dump_ends_on"]))}


def no_copy_readable() -> str:
    """Return what is so once the master key's generation that wrapped the keys has ended."""
    return _(
        "The master key generation that wrapped these keys was destroyed: no copy of them in a file, log or backup can "
        "be opened."
    )


def cannot_be_undone() -> str:
    """Return what everybody is told about a destruction, on every page: there is no other wording of it."""
    return _(
        "You can't undo this in the portal. Backups made before the destruction may still hold the data and its keys "
        "for up to %(days)d days."
    ) % {"days": settings.KEY_BACKUP_DAYS}


def kept_key_warning() -> str:
    """Return what is so beside it where a whole month goes and somebody in it is left out."""
    return _(
        "If anyone in the month is left out, its key is kept, and copies in data backups can be opened for up to "
        "%(days)d days."
    ) % {"days": settings.DATA_BACKUP_DAYS}


def decryption_attempts(said: Statement) -> str:
    """Return whether anything was put to the test, and with what result."""
    read = said["read_back"]
    tried, opened = read.get("attempts", 0), read.get("opened", 0)
    if tried:
        return ngettext(
            "%(count)d attempt to open what was left in the tables; opened: %(opened)d",
            "%(count)d attempts to open what was left in the tables; opened: %(opened)d",
            tried,
        ) % {"count": tried, "opened": opened}
    if key_kept(said):
        return _("No attempt to open was made, because the key was kept.")
    if not said["destroyed"]["keys"]:
        return _("No attempt to open was made, because no key was destroyed.")
    return _("No attempt to open was made, because there was no encrypted value to try.")


def readback_result(said: Statement) -> str:
    """Return what the read-back says as a whole; without an attempt to open it is not called sound."""
    read = said["read_back"]
    left = (
        read.get("rows_left", 0) + read.get("keys_left", 0) + read.get("tombstones_missing", 0) + read.get("opened", 0)
    )
    if left:
        return _("something was left")
    return _("sound") if read.get("attempts", 0) else _("nothing left; not tested by opening")


def verification_method(said: Statement) -> str:
    """Return by what the result was checked (form F-7)."""
    if said["read_back"].get("attempts", 0):
        return _("search of every declared holding and attempts to open, by independent code")
    return _("search of every declared holding, by independent code; no attempt to open")


def moment(text: str) -> str:
    """Return a moment of a statement in words; nothing for what did not happen."""
    found = parse_datetime(text) if text else None
    return datetime_text(found) if found else ""


def _day(text: str) -> date:
    found = parse_datetime(text)
    assert found is not None
    return clock.kst_date(found)


def describe_actors(references: str) -> str:
    """Return references such as ``U-7F3K-92QX, rule:2020-12-01`` as names, each with its reference."""
    return ", ".join(_describe_actor(reference.strip()) for reference in references.split(",") if reference.strip())


def describe_participant(named: str, *, stated_by: str) -> str:
    """Return who took part in a destruction of paper: an account by its name, another name as a statement."""
    if named.startswith(ACCOUNT):
        return describe_actors(named)
    return _("%(name)s (as stated by %(who)s)") % {"name": named, "who": describe_actors(stated_by)}


def _describe_actor(reference: str) -> str:
    kind, colon, rest = reference.partition(":")
    if colon and kind == "system":
        programs = {
            "sweep": _("nightly sweep"),
            "read-back": _("read-back by the portal"),
            "replay": _("replay after a restore"),
            "consents": _("withdrawals of consent (automatic)"),
            "rights": _("requests of data subjects (automatic)"),
        }
        return programs.get(rest) or _("the portal (%(job)s)") % {"job": rest}
    if colon and kind == "rule":
        return _("the rule of policy %(number)s") % {"number": rest}
    if colon and kind == "case":
        return _("the decision in %(number)s") % {"number": rest}
    return name_with_reference(reference)
