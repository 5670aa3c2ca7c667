"""Whoever approves a connection, or looks a second time at a destruction, is a second person (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER systems_connection_has_two_people BEFORE INSERT OR UPDATE ON systems_connection
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'asked_by');
CREATE TRIGGER systems_second_look_has_two_people BEFORE INSERT OR UPDATE ON systems_systemtask
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('seconded_by', 'seconded_at', 'done_by');
-- What proves something is an answer of this very task, and what has ended stays as it ended.
CREATE FUNCTION systems_task_is_proven() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'systems_ended_task_stays'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'systems_ended_task_stays';
    END IF;
    IF NEW.proof_id IS NOT NULL THEN
        -- Asked apart: intake orders tasks and may not read the answers.
        IF NOT EXISTS (
            SELECT FROM systems_answer a WHERE a.id = NEW.proof_id AND a.task_id = NEW.id
               AND a.verb = CASE WHEN NEW.act IN ('correct', 'destroy') THEN 'read-back' ELSE NEW.act END) THEN
            RAISE EXCEPTION 'systems_proof_is_an_answer_of_its_task'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'systems_proof_is_an_answer_of_its_task';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER systems_task_is_proven BEFORE INSERT OR UPDATE ON systems_systemtask
    FOR EACH ROW EXECUTE FUNCTION systems_task_is_proven();
ALTER TABLE systems_systemtask ENABLE ALWAYS TRIGGER systems_task_is_proven;
ALTER TABLE systems_systemtask ENABLE ALWAYS TRIGGER systems_second_look_has_two_people;
ALTER TABLE systems_connection ENABLE ALWAYS TRIGGER systems_connection_has_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("systems", "0001_schema")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
