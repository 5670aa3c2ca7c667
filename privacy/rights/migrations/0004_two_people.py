"""Whoever follows another in a case is a second person, by the accounts' rule, or goes on alone (0106, 0130, 0160)."""

from django.db import migrations

# What an approval by emergency of a case is of: its next step, as the step before left it.
STEPS = """
-- Who took the step that another must follow now, and when; nothing where whoever may can take the next one.
CREATE FUNCTION rights_step_before(record uuid, OUT asked_by text, OUT asked_at timestamptz)
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
        asked_by := found.verified_by;
        asked_at := greatest(found.verified_at, (
            SELECT max(at) FROM rights_step WHERE request_id = record
            AND word IN ('rights.destruction.stopped', 'rights.objection.decided')));
    ELSE
        SELECT r.decided_by, (SELECT max(decided_at) FROM rights_right WHERE request_id = record)
          INTO asked_by, asked_at FROM rights_right r
         WHERE r.request_id = record AND r.kind IN ('access', 'deletion', 'consent-withdrawal')
           AND r.decision IN ('granted', 'partly-granted') AND r.started_at IS NULL
           AND accounts_person_behind(r.verifier) IN ('', accounts_person_behind(r.decided_by))
         ORDER BY r.decided_at DESC, r.position LIMIT 1;
    END IF;
END $$;

-- Who decided what a package answers, and when it was built: its code is issued by another.
CREATE FUNCTION rights_code_waits_for(record uuid, OUT asked_by text, OUT asked_at timestamptz)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT r.decided_by, p.built_at FROM rights_package p JOIN rights_right r ON r.id = p.right_id
    WHERE p.id = record AND p.removed_at IS NULL AND p.downloaded_at IS NULL;
$$;
"""

TWO_PEOPLE = """
CREATE TRIGGER rights_postponed_by_two_people BEFORE INSERT OR UPDATE ON rights_postponement
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'postponed_by');
CREATE TRIGGER rights_objection_has_two_people BEFORE INSERT OR UPDATE ON rights_objection
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('reviewer', 'reviewed_at', 'decider');

-- What a device has proven is verified by the portal itself.
CREATE TRIGGER rights_verified_by_second_person BEFORE INSERT OR UPDATE ON rights_request
    FOR EACH ROW WHEN (NEW.received_by <> '' AND strpos(NEW.verified_by, ':') = 0)
    EXECUTE FUNCTION accounts_approved_by_second_person('verified_by', 'verified_at', 'received_by');

-- By their names these come after rights_copy_verifier, which says who checked the documents.
CREATE FUNCTION rights_decided_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    why text;
BEGIN
    IF (TG_OP = 'INSERT' OR NEW.decided_by <> OLD.decided_by)
       AND NOT accounts_emergency_holds(NEW.decided_by, 'rights_request', NEW.request_id, NULL, NEW.decided_at) THEN
        why := accounts_second_person(NEW.decided_by, NEW.verifier, least(coalesce(NEW.decided_at, now()), now()));
        IF why NOT IN ('', 'same') THEN
            RAISE EXCEPTION 'right %: % cannot approve as the second person (%)', NEW.id, NEW.decided_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_decided_by_second_person BEFORE INSERT OR UPDATE ON rights_right
    FOR EACH ROW WHEN (NEW.decided_by <> '') EXECUTE FUNCTION rights_decided_by_second_person();

-- Who releases and who else stands for it: the decider or, where that is the same, who checked the documents.
CREATE FUNCTION rights_released_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    other text := CASE WHEN accounts_person_behind(NEW.started_by) <> accounts_person_behind(NEW.decided_by)
                       THEN NEW.decided_by ELSE NEW.verifier END;
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
CREATE TRIGGER rights_released_by_second_person BEFORE INSERT OR UPDATE ON rights_right
    FOR EACH ROW WHEN (NEW.started_by <> '' AND NEW.kind IN ('access', 'deletion', 'consent-withdrawal'))
    EXECUTE FUNCTION rights_released_by_second_person();

-- The wait of a deletion is never shortened; only what is decided anew waits for nothing. Destruction begins after a wait
-- as long as the rulebook of the day of the release says, where anybody's data is meant.
CREATE FUNCTION rights_keep_wait() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    hours integer;
BEGIN
    IF OLD.waits_until IS NOT NULL AND (NEW.waits_until IS NULL OR NEW.waits_until < OLD.waits_until)
       AND (NEW.decision <> 'pending' OR NEW.event_id = OLD.event_id OR NEW.started_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the wait before a destruction is never shortened' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.waits_until IS DISTINCT FROM OLD.waits_until AND NOT retention_wait_is_whole(NEW.waits_until) THEN
        RAISE EXCEPTION 'the wait before a destruction is never shortened' USING ERRCODE = 'restrict_violation';
    END IF;
    -- A release is of now, so that no signature of an earlier one fits it.
    IF NEW.started_at IS DISTINCT FROM OLD.started_at AND isfinite(retention_latest())
       AND NEW.started_at < retention_latest() - interval '10 minutes' THEN
        RAISE EXCEPTION 'a release is of now' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.destruction_began_at IS NOT NULL AND OLD.destruction_began_at IS NULL THEN
        hours := coalesce(accounts_parameter('withdrawal.wait.hours', (NEW.started_at AT TIME ZONE 'Asia/Seoul')::date), 24);
        IF hours > 0 AND (NEW.waits_until IS NULL OR NEW.waits_until < NEW.started_at + make_interval(hours => hours))
           AND EXISTS (SELECT FROM rights_caseperson WHERE request_id = NEW.request_id) THEN
            RAISE EXCEPTION 'nothing is destroyed before the wait is over' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_waits_are_never_shortened BEFORE UPDATE ON rights_right
    FOR EACH ROW EXECUTE FUNCTION rights_keep_wait();

-- Whom a case is about is settled with its first decision: nobody is added, whoever verifies what.
CREATE FUNCTION rights_people_before_decision() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF vault_is_process()
       AND EXISTS (SELECT FROM rights_right WHERE request_id = NEW.request_id AND decided_by <> '') THEN
        RAISE EXCEPTION 'nobody is added to a case that is decided'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rights_people_before_decision';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_people_before_decision BEFORE INSERT ON rights_caseperson
    FOR EACH ROW EXECUTE FUNCTION rights_people_before_decision();
ALTER TABLE rights_caseperson ENABLE ALWAYS TRIGGER rights_people_before_decision;
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_waits_are_never_shortened;
ALTER TABLE rights_postponement ENABLE ALWAYS TRIGGER rights_postponed_by_two_people;
ALTER TABLE rights_objection ENABLE ALWAYS TRIGGER rights_objection_has_two_people;
ALTER TABLE rights_request ENABLE ALWAYS TRIGGER rights_verified_by_second_person;
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_decided_by_second_person;
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_released_by_second_person;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("rights", "0003_guards")]
    operations = [migrations.RunSQL(STEPS), migrations.RunSQL(TWO_PEOPLE)]
