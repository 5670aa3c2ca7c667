"""A notice of what was given up ends before its day; nothing else of a notice changes, and none lasts longer."""

from django.db import migrations

ENDS = """
CREATE FUNCTION policies_notice_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.kind <> 'general' OR to_jsonb(NEW) - 'posted_until' <> to_jsonb(OLD) - 'posted_until'
       OR NEW.posted_until IS NULL OR NEW.posted_until < OLD.posted_on OR NEW.posted_until > OLD.posted_until THEN
        RAISE EXCEPTION 'notice %: only an earlier end is entered, and not for a revision or a breach', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_notice_only_ends BEFORE UPDATE ON policies_notice
    FOR EACH ROW EXECUTE FUNCTION policies_notice_only_ends();
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0012_submitters_are_authors_of_templates")]

    operations = [migrations.RunSQL(ENDS)]
