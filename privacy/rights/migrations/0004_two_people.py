"""Whoever follows another in a case is a second person, by the accounts' rule (decisions 0106, 0130)."""

from django.db import migrations

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
CREATE TRIGGER rights_decided_by_second_person BEFORE INSERT OR UPDATE ON rights_right
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('decided_by', 'decided_at', 'verifier');

-- Who releases and who else stands for it: the decider or, where that is the same, who checked the documents.
CREATE FUNCTION rights_released_by_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text := CASE WHEN NEW.started_by <> NEW.decided_by THEN NEW.decided_by ELSE NEW.verifier END;
    why text;
BEGIN
    IF TG_OP = 'INSERT' OR (NEW.started_by, NEW.decided_by, NEW.verifier)
                           IS DISTINCT FROM (OLD.started_by, OLD.decided_by, OLD.verifier) THEN
        why := accounts_second_person(NEW.started_by, other, least(coalesce(NEW.started_at, now()), now()));
        IF why NOT IN ('', 'same') THEN
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
CREATE FUNCTION rights_keep_wait() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hours integer;
BEGIN
    IF OLD.waits_until IS NOT NULL AND (NEW.waits_until IS NULL OR NEW.waits_until < OLD.waits_until)
       AND (NEW.decision <> 'pending' OR NEW.event_id = OLD.event_id OR NEW.started_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the wait before a destruction is never shortened' USING ERRCODE = 'restrict_violation';
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

ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_waits_are_never_shortened;
ALTER TABLE rights_postponement ENABLE ALWAYS TRIGGER rights_postponed_by_two_people;
ALTER TABLE rights_objection ENABLE ALWAYS TRIGGER rights_objection_has_two_people;
ALTER TABLE rights_request ENABLE ALWAYS TRIGGER rights_verified_by_second_person;
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_decided_by_second_person;
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_released_by_second_person;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("rights", "0003_guards")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
