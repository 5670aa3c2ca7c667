"""Decisions are appended and never changed; a published text never changes either, only its state (P3.6, law C-08)."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION consents_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: decisions are only ever added', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consents_decisions_are_never_changed BEFORE UPDATE OR DELETE ON consents_decision
    FOR EACH ROW EXECUTE FUNCTION consents_refuse_change();
CREATE TRIGGER consents_decisions_are_never_emptied BEFORE TRUNCATE ON consents_decision
    FOR EACH STATEMENT EXECUTE FUNCTION consents_refuse_change();
ALTER TABLE consents_decision ENABLE ALWAYS TRIGGER consents_decisions_are_never_changed;
ALTER TABLE consents_decision ENABLE ALWAYS TRIGGER consents_decisions_are_never_emptied;

CREATE FUNCTION consents_keep_published_text() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'superseded'
       AND to_jsonb(OLD) - 'state' - 'superseded_at' = to_jsonb(NEW) - 'state' - 'superseded_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published text is never changed: %', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consents_published_texts_are_never_changed BEFORE UPDATE OR DELETE ON consents_agreementversion
    FOR EACH ROW EXECUTE FUNCTION consents_keep_published_text();
CREATE TRIGGER consents_texts_are_never_emptied BEFORE TRUNCATE ON consents_agreementversion
    FOR EACH STATEMENT EXECUTE FUNCTION consents_refuse_change();
-- What came with the portal is nobody's; a text that somebody wrote is published by another (decision 0106).
CREATE TRIGGER consents_publication_has_two_people BEFORE INSERT OR UPDATE ON consents_agreementversion
    FOR EACH ROW WHEN (NEW.published_by <> NEW.drafted_by OR strpos(NEW.drafted_by, ':') = 0)
    EXECUTE FUNCTION accounts_approved_by_second_person('published_by', 'published_at', 'drafted_by');
ALTER TABLE consents_agreementversion ENABLE ALWAYS TRIGGER consents_published_texts_are_never_changed;
ALTER TABLE consents_agreementversion ENABLE ALWAYS TRIGGER consents_texts_are_never_emptied;
"""

# The wait before a destruction is never shortened, and its plan never goes: somebody may still stop it. What was stopped
# goes on from pages alone, with a whole wait; the worker begins what is due, and nothing that was stopped.
WAITS = """
CREATE FUNCTION consents_plan_goes_on(was text, becomes text, due timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    IF was = becomes OR NOT vault_is_process() THEN
        RETURN true;
    END IF;
    RETURN CASE
        WHEN becomes = 'stopped' THEN was = 'waiting'
        WHEN becomes = 'agreed-again' THEN was IN ('waiting', 'stopped')
        WHEN (was, becomes) = ('stopped', 'waiting') THEN
            pg_has_role(current_user, 'portal_app', 'MEMBER') AND retention_wait_is_whole(due)
        WHEN (was, becomes) = ('waiting', 'under-way') THEN
            pg_has_role(current_user, 'portal_worker', 'MEMBER') AND due <= retention_latest()
        WHEN (was, becomes) = ('under-way', 'destroyed') THEN pg_has_role(current_user, 'portal_worker', 'MEMBER')
        ELSE false END;
END $$;
-- What a hold took back as a whole waits again, and what was destroyed in another way is no longer stopped. A function of
-- its own, because intake may not read lists.
CREATE FUNCTION consents_plan_is_overtaken(was text, becomes text, decided uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    withdrawal record;
BEGIN
    IF NOT pg_has_role(current_user, 'portal_worker', 'MEMBER') THEN
        RETURN false;
    END IF;
    SELECT d.reference, d.subject_id, d.recorded_at, a.required, to_jsonb(a.categories) AS categories INTO withdrawal
        FROM consents_decision d JOIN consents_agreement a ON a.id = d.agreement_id WHERE d.id = decided;
    IF (was, becomes) = ('under-way', 'waiting') THEN
        RETURN (SELECT count(*) > 0 AND bool_and(l.state = 'aborted') FROM retention_destructionlist l
            JOIN retention_destructionrun r ON r.id = l.run_id
            WHERE r.cause = 'withdrawal' AND r."case" = withdrawal.reference);
    END IF;
    RETURN (was, becomes) = ('stopped', 'destroyed') AND EXISTS (
        SELECT FROM retention_destructionlist l
        WHERE (withdrawal.required OR withdrawal.categories ? l.category) AND (
            l.unit = 'month' AND l.done_at >= withdrawal.recorded_at OR EXISTS (
                SELECT FROM retention_destructionline n WHERE n.list_id = l.id AND n.subject_id = withdrawal.subject_id
                AND n.state IN ('keyed', 'counted', 'removed'))));
END $$;
CREATE FUNCTION consents_keep_wait() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.due_at >= OLD.due_at AND isfinite(NEW.due_at) AND NEW.decision_id = OLD.decision_id
       AND NEW.subject_id = OLD.subject_id AND OLD.ended_at IS NULL
       AND (consents_plan_goes_on(OLD.state, NEW.state, NEW.due_at)
            OR consents_plan_is_overtaken(OLD.state, NEW.state, NEW.decision_id)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the wait before a destruction is never shortened: %', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consents_waits_are_never_shortened BEFORE UPDATE OR DELETE ON consents_planneddestruction
    FOR EACH ROW EXECUTE FUNCTION consents_keep_wait();
CREATE TRIGGER consents_waits_are_never_emptied BEFORE TRUNCATE ON consents_planneddestruction
    FOR EACH STATEMENT EXECUTE FUNCTION consents_refuse_change();
-- A person withdraws in pages or by a gateway; the worker, only what a case of the office grants and somebody released.
CREATE FUNCTION consents_withdrawn_by_the_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    person uuid := (SELECT subject_id FROM consents_decision WHERE id = NEW.decision_id AND choice <> 'agree');
BEGIN
    IF NOT vault_is_process() THEN
        RETURN NEW;
    END IF;
    IF NOT retention_wait_is_whole(NEW.due_at) OR NOT isfinite(NEW.due_at) THEN
        RAISE EXCEPTION 'the wait before a destruction is never shortened: %', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.subject_id = person THEN
        -- Apart from the cases, which intake may not read.
        IF pg_has_role(current_user, 'portal_app', 'MEMBER') OR pg_has_role(current_user, 'portal_intake', 'MEMBER') THEN
            RETURN NEW;
        ELSIF EXISTS (
            SELECT FROM rights_right r JOIN rights_caseperson p ON p.request_id = r.request_id
            WHERE p.subject_id = person AND r.kind = 'consent-withdrawal' AND r.decided_by <> ''
              AND r.started_at IS NOT NULL AND r.carried_out_at IS NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'destruction: nobody withdrew'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'retention_destroyed_only_as_approved';
END $$;
CREATE TRIGGER consents_withdrawn_by_the_person BEFORE INSERT ON consents_planneddestruction
    FOR EACH ROW EXECUTE FUNCTION consents_withdrawn_by_the_person();
ALTER TABLE consents_planneddestruction ENABLE ALWAYS TRIGGER consents_withdrawn_by_the_person;
ALTER TABLE consents_planneddestruction ENABLE ALWAYS TRIGGER consents_waits_are_never_shortened;
ALTER TABLE consents_planneddestruction ENABLE ALWAYS TRIGGER consents_waits_are_never_emptied;
"""

# Intake closes data with a withdrawal, and opens what the same person's new agreement gave up destroying; nothing else.
FREEZES = """
CREATE FUNCTION consents_intake_opens_what_was_agreed_again() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT vault_is_process() OR pg_has_role(current_user, 'portal_app', 'MEMBER')
       OR pg_has_role(current_user, 'portal_worker', 'MEMBER') OR (
        OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL AND EXISTS (
            SELECT FROM consents_decision d JOIN consents_planneddestruction p ON p.decision_id = d.id
            WHERE d.reference = NEW."case" AND d.subject_id = NEW.subject_id AND p.state = 'agreed-again')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'freeze %: nobody agreed again', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_intake_opens_what_was_agreed_again';
END $$;
CREATE TRIGGER consents_intake_opens_what_was_agreed_again BEFORE UPDATE ON vault_freeze
    FOR EACH ROW EXECUTE FUNCTION consents_intake_opens_what_was_agreed_again();
ALTER TABLE vault_freeze ENABLE ALWAYS TRIGGER consents_intake_opens_what_was_agreed_again;
"""

# A withdrawn consent is told to every process that keeps in memory what is agreed (decision 0044). A change of an
# agreement itself, of what it covers, is told of everybody: it is asked anew of all.
INVALIDATION = """
CREATE TRIGGER consents_invalidates_changed AFTER UPDATE ON consents_currentconsent REFERENCING OLD TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record(
        'SELECT array_agg(DISTINCT subject_id) FROM closed WHERE choice = ''agree''');
ALTER TABLE consents_currentconsent ENABLE ALWAYS TRIGGER consents_invalidates_changed;

CREATE TRIGGER consents_invalidates_removed AFTER DELETE ON consents_currentconsent REFERENCING OLD TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record(
        'SELECT array_agg(DISTINCT subject_id) FROM closed WHERE choice = ''agree''');
ALTER TABLE consents_currentconsent ENABLE ALWAYS TRIGGER consents_invalidates_removed;

CREATE TRIGGER consents_invalidates_emptied AFTER TRUNCATE ON consents_currentconsent
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record();
ALTER TABLE consents_currentconsent ENABLE ALWAYS TRIGGER consents_invalidates_emptied;

CREATE TRIGGER consents_invalidates_agreement AFTER UPDATE OR DELETE ON consents_agreement
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record('SELECT ARRAY[NULL::uuid]');
ALTER TABLE consents_agreement ENABLE ALWAYS TRIGGER consents_invalidates_agreement;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("consents", "0001_schema"), ("vault", "0002_guards")]

    operations = [migrations.RunSQL(text) for text in (GUARDS, WAITS, FREEZES, INVALIDATION)]
