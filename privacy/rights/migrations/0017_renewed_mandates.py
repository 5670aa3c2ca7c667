"""Who recorded that a mandate was proven anew has checked documents: they neither decide nor release alone (R-26)."""

from django.db import migrations

RENEWED = """
CREATE FUNCTION rights_renewed_by(record uuid) RETURNS SETOF text LANGUAGE sql STABLE
    SET search_path = public, pg_temp AS $$
    SELECT s.by FROM rights_step s WHERE s.request_id = record AND s.word = 'rights.authority.renewed'
    ORDER BY s.at DESC, s.id DESC;
$$;

-- Who last checked the documents on which a right rests; empty where a device proved the identity.
CREATE FUNCTION rights_checked_by(record uuid, verifier text) RETURNS text LANGUAGE sql STABLE
    SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN verifier = '' THEN ''
                ELSE coalesce((SELECT * FROM rights_renewed_by(record) LIMIT 1), verifier) END;
$$;

CREATE OR REPLACE FUNCTION rights_step_before(record uuid, OUT asked_by text, OUT asked_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    found rights_request;
BEGIN
    SELECT * INTO found FROM rights_request WHERE id = record AND closed_at IS NULL AND state <> 'joined';
    IF found.id IS NULL THEN
        RETURN;
    ELSIF found.verified_at IS NULL THEN
        -- Recorded at the desk, or resting on nothing but what a colleague attached.
        SELECT coalesce(nullif(found.received_by, ''), CASE WHEN bool_and(u.id IS NOT NULL) THEN max(u.reference) END),
               greatest(found.received_at, max(d.attached_at))
          INTO asked_by, asked_at
          FROM rights_identitydocument d LEFT JOIN accounts_user u ON u.reference = d.attached_by
         WHERE d.request_id = record;
    ELSIF found.identity_method = 'documents'
          AND EXISTS (SELECT FROM rights_right WHERE request_id = record AND decision = 'pending') THEN
        asked_by := rights_checked_by(record, found.verified_by);
        asked_at := greatest(found.verified_at, (
            SELECT max(at) FROM rights_step WHERE request_id = record
            AND word IN ('rights.destruction.stopped', 'rights.objection.decided', 'rights.authority.renewed')));
    ELSE
        SELECT r.decided_by, (SELECT max(decided_at) FROM rights_right WHERE request_id = record)
          INTO asked_by, asked_at FROM rights_right r
         WHERE r.request_id = record AND r.kind IN ('access', 'deletion', 'consent-withdrawal')
           AND r.decision IN ('granted', 'partly-granted') AND r.started_at IS NULL
           AND accounts_person_behind(rights_checked_by(record, r.verifier)) IN ('', accounts_person_behind(r.decided_by))
         ORDER BY r.decided_at DESC, r.position LIMIT 1;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rights_decided_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    checked_by text;
    why text;
BEGIN
    IF (TG_OP = 'INSERT' OR NEW.decided_by <> OLD.decided_by)
       AND NOT accounts_emergency_holds(NEW.decided_by, 'rights_request', NEW.request_id, NULL, NEW.decided_at) THEN
        FOR checked_by IN
            SELECT NEW.verifier UNION SELECT * FROM rights_renewed_by(NEW.request_id) WHERE NEW.verifier <> ''
        LOOP
            why := accounts_second_person(NEW.decided_by, checked_by, least(coalesce(NEW.decided_at, now()), now()));
            -- Who verified the identity meets a constraint that says so.
            IF why <> '' AND NOT (why = 'same' AND checked_by = NEW.verifier) THEN
                RAISE EXCEPTION 'right %: % cannot approve as the second person (%)', NEW.id, NEW.decided_by, why
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
            END IF;
        END LOOP;
    END IF;
    RETURN NEW;
END $$;

-- Who releases and who else stands for it: the decider or, where that is the same, who last checked the documents.
CREATE OR REPLACE FUNCTION rights_released_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    other text := CASE WHEN accounts_person_behind(NEW.started_by) <> accounts_person_behind(NEW.decided_by)
                       THEN NEW.decided_by ELSE rights_checked_by(NEW.request_id, NEW.verifier) END;
    why text;
BEGIN
    IF (TG_OP = 'INSERT' OR (NEW.started_by, NEW.decided_by, NEW.verifier)
                            IS DISTINCT FROM (OLD.started_by, OLD.decided_by, OLD.verifier))
       AND NOT accounts_emergency_holds(NEW.started_by, 'rights_request', NEW.request_id, NULL, NEW.started_at) THEN
        why := accounts_second_person(NEW.started_by, other, least(coalesce(NEW.started_at, now()), now()));
        -- One account that decided and releases what a device proved meets a constraint that says so.
        IF why <> '' AND NOT (NEW.verifier = '' AND NEW.started_by = NEW.decided_by) THEN
            RAISE EXCEPTION 'right %: % cannot approve as the second person (%)', NEW.id, NEW.started_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0016_automated_terms")]

    operations = [migrations.RunSQL(RENEWED)]
