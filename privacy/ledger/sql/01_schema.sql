-- The audit trail: tables that only grow (ledger.md). Run by migration 0002 as the migrations' role, inside one
-- transaction. Everything belongs to portal_ledger, which can't log in.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        CREATE SCHEMA ledger AUTHORIZATION portal_ledger;
        SET LOCAL ROLE portal_ledger;
    ELSE
        CREATE SCHEMA ledger;
    END IF;
END $$;

REVOKE ALL ON SCHEMA ledger FROM PUBLIC;

-- Transaction numbers start again when a dump is restored into a new cluster: a new recovery epoch begins then, or
-- "committed since the last batch" would silently mean nothing.
CREATE TABLE ledger.recovery_epoch (
    generation integer PRIMARY KEY,
    system_identifier text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT recovery_epoch_started_at_is_finite CHECK (isfinite(started_at))
);

CREATE SEQUENCE ledger.entry_id;

-- id, xid, generation and time are the database's own (trigger stamp); payload is hashed exactly as stored. What follows
-- it is there for searching only and filled by the same trigger: as generated columns they cost each entry a third more
-- (docs/decisions/0010-*.md).
CREATE TABLE ledger.entry (
    id bigint NOT NULL,
    xid xid8 NOT NULL,
    generation integer NOT NULL,
    time timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    payload text NOT NULL,
    word text NOT NULL,
    actor text NOT NULL,
    about text,
    subjects text[],
    task text,
    purpose text,
    -- As whom the writer had signed in, whatever it says of itself: nobody but the owner may set it. The key service asks.
    writer text NOT NULL DEFAULT session_user,
    PRIMARY KEY (id, time)
) PARTITION BY RANGE (time);

CREATE INDEX entry_xid ON ledger.entry (xid);
CREATE INDEX entry_actor ON ledger.entry (actor, id);
CREATE INDEX entry_about ON ledger.entry USING hash (about);
CREATE INDEX entry_subjects ON ledger.entry USING gin (subjects) WITH (gin_pending_list_limit = 256)
    WHERE subjects IS NOT NULL;

-- Whom a reading of more people than an entry names was about: beside the entry, whose digest it must have. It goes when the
-- entry has gone, and not before.
CREATE TABLE ledger.entry_people (
    entry_id bigint PRIMARY KEY,
    people text[] NOT NULL
);
CREATE INDEX entry_people_people ON ledger.entry_people USING gin (people) WITH (gin_pending_list_limit = 65536);

CREATE TABLE ledger.leaf (
    index bigint PRIMARY KEY,
    entry_id bigint NOT NULL UNIQUE,
    hash bytea NOT NULL,
    CONSTRAINT leaf_hash_is_sha256 CHECK (octet_length(hash) = 32)
);

-- Roots of complete subtrees of 256, 65,536 … leaves, so that a proof reads hundreds of hashes and not all of them.
CREATE TABLE ledger.node (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (level, index),
    CONSTRAINT node_level_is_a_tile CHECK (level > 0 AND level % 8 = 0),
    CONSTRAINT node_hash_is_sha256 CHECK (octet_length(hash) = 32)
);

CREATE TABLE ledger.tree (
    size bigint PRIMARY KEY,
    root bytea NOT NULL,
    frontier bytea NOT NULL,
    snapshot pg_snapshot NOT NULL,
    generation integer NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT tree_sealed_at_is_finite CHECK (isfinite(sealed_at))
);

CREATE TABLE ledger.checkpoint (
    size bigint PRIMARY KEY,
    note text NOT NULL,
    heads text NOT NULL,
    signed_at timestamptz NOT NULL,
    CONSTRAINT checkpoint_signed_at_is_finite CHECK (isfinite(signed_at))
);

CREATE TABLE ledger.anchor (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size bigint NOT NULL,
    place text NOT NULL,
    receipt text NOT NULL,
    anchored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT anchor_anchored_at_is_finite CHECK (isfinite(anchored_at))
);
CREATE INDEX anchor_size ON ledger.anchor (size);

-- What was pruned when its term was over: entries before index "until", whole tiles of them. Their hashes stay.
CREATE TABLE ledger.pruning (
    until bigint PRIMARY KEY,
    cut timestamptz NOT NULL,
    entries bigint NOT NULL,
    partitions text[] NOT NULL,
    certificate text NOT NULL,
    pruned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pruning_moments_are_finite CHECK (isfinite(cut) AND isfinite(pruned_at)),
    CONSTRAINT pruning_takes_whole_tiles CHECK (until > 0 AND until % 256 = 0)
);

-- django-auditlog writes here; the trigger puts the row on the ledger instead of keeping it, so that nothing written in
-- Python can forget to, and no second copy has to be guarded.
CREATE TABLE ledger.field_change (
    id uuid NOT NULL,
    content_type_id integer,
    object_pk text,
    object_repr text NOT NULL,
    action smallint NOT NULL,
    changes jsonb,
    cid text,
    timestamp timestamptz,
    additional_data jsonb
);

-- Whoever holds this table's lock seals. It lies in a schema that only the sequencer's role may enter: an advisory lock,
-- or one of the trail's tables, could be held by the portal's role for as long as it likes.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        RESET ROLE;
        CREATE SCHEMA sequencer AUTHORIZATION portal_ledger;
        SET LOCAL ROLE portal_ledger;
    ELSE
        CREATE SCHEMA sequencer;
    END IF;
END $$;
REVOKE ALL ON SCHEMA sequencer FROM PUBLIC;
CREATE TABLE sequencer.turn ();
REVOKE ALL ON sequencer.turn FROM PUBLIC;

INSERT INTO ledger.recovery_epoch (generation, system_identifier)
    SELECT 1, system_identifier::text FROM pg_control_system();
