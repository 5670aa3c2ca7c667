"""What a verification asks of the database beside the entries: what waits, what is kept back, what differs."""

from typing import LiteralString

KEPT_FROM_SEALING: LiteralString = (
    "SELECT e.id FROM ledger.entry e, (SELECT snapshot, generation FROM ledger.tree ORDER BY size DESC LIMIT 1) t"
    " WHERE NOT EXISTS (SELECT FROM ledger.leaf l WHERE l.entry_id = e.id)"
    " AND (e.generation < t.generation OR pg_visible_in_snapshot(e.xid, t.snapshot)"
    "  OR e.generation > (SELECT max(generation) FROM ledger.recovery_epoch)"
    "  OR e.xid >= pg_snapshot_xmax(pg_current_snapshot())) ORDER BY e.id LIMIT 21"
)
WAITING: LiteralString = (
    "SELECT count(*) FROM ledger.entry e WHERE e.time < now() - interval '10 minutes'"
    " AND NOT EXISTS (SELECT FROM ledger.leaf l WHERE l.entry_id = e.id)"
)
UNSIGNED: LiteralString = (
    "SELECT min(size) FROM ledger.tree WHERE size > %s AND sealed_at < now() - interval '10 minutes'"
)
UNSTORED: LiteralString = (
    "SELECT s FROM unnest(%s::bigint[]) s WHERE s <= %s AND NOT EXISTS"
    " (SELECT FROM ledger.checkpoint c WHERE c.size = s) ORDER BY s"
)
IMPOSSIBLE: LiteralString = "SELECT size FROM ledger.checkpoint WHERE size > %s OR size <= 0 ORDER BY size LIMIT 21"
NEWEST_CHECKPOINT: LiteralString = "SELECT coalesce(max(size), 0) FROM ledger.checkpoint WHERE size <= %s"
CONTRADICTED: LiteralString = (
    "SELECT id, payload FROM ledger.entry WHERE actor = 'system:notary' AND kind = 'act' AND word = %s"
    " ORDER BY id LIMIT 21"
)
SEARCH_DIFFERS: LiteralString = (
    "SELECT id FROM ledger.entry e, LATERAL (SELECT e.payload::jsonb AS p) j WHERE"
    " (word, actor, about, task, purpose) IS DISTINCT FROM"
    " (p ->> 'word', p ->> 'actor', p ->> 'about', p ->> 'task', p ->> 'purpose')"
    " OR to_jsonb(subjects) IS DISTINCT FROM p -> 'subjects' ORDER BY id LIMIT 21"
)
