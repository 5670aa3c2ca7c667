"""The portal turns the clocks of the queue and changes nothing else of it: held by the database itself."""

from django.db import migrations

# django-q2 writes the whole row when it sets the next time, so that grants on columns would stop it.
GUARDS = """
CREATE FUNCTION jobs_schedule_is_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(current_user, 'portal_owner', 'MEMBER')
       AND to_jsonb(NEW) - '{next_run,task}'::text[] IS DISTINCT FROM to_jsonb(OLD) - '{next_run,task}'::text[] THEN
        RAISE EXCEPTION 'jobs_schedule_is_fixed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_schedule_is_fixed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER jobs_schedule_is_fixed BEFORE UPDATE ON django_q_schedule
    FOR EACH ROW EXECUTE FUNCTION jobs_schedule_is_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_schema"), ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more")]

    operations = [migrations.RunSQL(GUARDS)]
