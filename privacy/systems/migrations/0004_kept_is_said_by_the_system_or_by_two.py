"""That a system keeps what is to be destroyed is said by the system itself, or by two people (decision 0410)."""

from django.db import migrations

KEPT = """
CREATE FUNCTION systems_kept_is_said() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state = 'kept' AND NEW.act = 'destroy' AND NEW.seconded_by = '' THEN
        -- Asked apart: intake orders tasks and may not read the answers.
        IF NOT EXISTS (SELECT FROM systems_answer a WHERE a.task_id = NEW.id AND a.verb = 'destroy'
                       AND a.body::jsonb ->> 'state' = 'kept') THEN
            RAISE EXCEPTION 'systems_kept_is_said'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'systems_kept_is_said';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER systems_kept_is_said BEFORE INSERT OR UPDATE ON systems_systemtask
    FOR EACH ROW EXECUTE FUNCTION systems_kept_is_said();
ALTER TABLE systems_systemtask ENABLE ALWAYS TRIGGER systems_kept_is_said;
"""


class Migration(migrations.Migration):
    dependencies = [("systems", "0003_two_different_people")]
    operations = [migrations.RunSQL(KEPT)]
