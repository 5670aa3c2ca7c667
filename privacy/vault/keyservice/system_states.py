"""What certificates say of copies in other systems: asked of the tables by the portal and by the key service."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

# Of one list: each system by state, with the answers that prove it. The code narrows it to one system.
STATES = """
SELECT s.code, s.name_ko, s.name_en, t.state, count(*), coalesce(max(t.backups_until)::text, ''),
       concat_ws(E'\\n', string_agg(a.id || ' ' || encode(sha256(convert_to(a.body, 'UTF8')), 'hex'), E'\\n'),
                 string_agg(t.id || ' ' || t.file_digest, E'\\n') FILTER (WHERE t.file_digest <> ''))
FROM systems_systemtask t JOIN systems_connectedsystem s ON s.id = t.system_id
LEFT JOIN systems_answer a ON a.id = t.proof_id
WHERE t.cause_id = %s AND t.act = 'destroy' AND (%s::text = '' OR s.code = %s::text)
GROUP BY s.code, s.name_ko, s.name_en, t.state ORDER BY s.code, t.state
"""
# What has come to its end; whatever else a task is, nobody has proven anything yet.
ENDED = {"confirmed", "not-held", "kept", "given-up", "dropped"}


def stated(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return what a statement says of each system: how many tasks stand where, and the digest of what proves it."""
    found: dict[str, dict[str, Any]] = {}
    for code, name_ko, name_en, state, count, until, evidence in rows:
        said = found.setdefault(
            code,
            {"code": code, "names": {"ko": name_ko, "en": name_en}, "states": {}, "backups_until": "", "evidence": ""},
        )
        said["states"][state] = count
        said["backups_until"] = max(said["backups_until"], until)
        lines = sorted({*said["evidence"].splitlines(), *evidence.splitlines()})
        said["evidence"] = "\n".join(lines)
    for said in found.values():
        said["evidence"] = sha256(said["evidence"].encode()).hexdigest() if said["evidence"] else ""
    return [found[code] for code in sorted(found)]


def is_settled(said: dict[str, Any]) -> bool:
    """Whether nothing of a system is open any more."""
    return set(said["states"]) <= ENDED
