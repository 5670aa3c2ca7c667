"""Who answers about an automated decision is a second person after who granted it, or goes on alone (0160, 0376)."""

from django.db import migrations

AUTOMATED = "('decision-explanation', 'decision-review', 'decision-refusal')"

STEPS = f"""
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
        -- Who checked the documents stands for what is given away or destroyed, and for no answer.
        SELECT r.decided_by, (SELECT max(decided_at) FROM rights_right WHERE request_id = record)
          INTO asked_by, asked_at FROM rights_right r
         WHERE r.request_id = record AND r.decision IN ('granted', 'partly-granted') AND r.started_at IS NULL
           AND (r.kind IN {AUTOMATED}
                OR r.kind IN ('access', 'deletion', 'consent-withdrawal')
                   AND accounts_person_behind(rights_checked_by(record, r.verifier))
                       IN ('', accounts_person_behind(r.decided_by)))
         ORDER BY r.decided_at DESC, r.position LIMIT 1;
    END IF;
END $$;
"""

ANSWERS = f"""
CREATE FUNCTION rights_answered_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    why text;
BEGIN
    IF (TG_OP = 'INSERT' OR (NEW.started_by, NEW.decided_by) IS DISTINCT FROM (OLD.started_by, OLD.decided_by))
       AND NOT accounts_emergency_holds(NEW.started_by, 'rights_request', NEW.request_id, NULL, NEW.started_at) THEN
        why := accounts_second_person(NEW.started_by, NEW.decided_by, least(coalesce(NEW.started_at, now()), now()));
        -- One account that granted and answers meets a constraint that says so.
        IF why NOT IN ('', 'same') THEN
            RAISE EXCEPTION 'right %: % cannot approve as the second person (%)', NEW.id, NEW.started_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_answered_by_second_person BEFORE INSERT OR UPDATE ON rights_right
    FOR EACH ROW WHEN (NEW.started_by <> '' AND NEW.kind IN {AUTOMATED})
    EXECUTE FUNCTION rights_answered_by_second_person();
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_answered_by_second_person;
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0018_mandate_documents")]
    operations = [migrations.RunSQL(STEPS), migrations.RunSQL(ANSWERS)]
