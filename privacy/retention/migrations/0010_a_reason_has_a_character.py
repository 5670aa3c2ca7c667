"""The reason of a destruction that was late has a character that can be read: a new line says nothing (decision 0440)."""

from django.db import migrations

CONFIRMED = r"""
CREATE OR REPLACE FUNCTION retention_keep_register() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    said constant text[] := ARRAY['confirmed_at', 'confirmed_by', 'delay_reason'];
    late boolean := coalesce(OLD.destroyed_on > OLD.target_on, false);
    unsaid boolean := OLD.delay_reason !~ '\S';
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NULL AND to_jsonb(OLD) - said = to_jsonb(NEW) - said
       AND (NEW.delay_reason = OLD.delay_reason OR (late AND unsaid AND NEW.confirmed_at IS NOT NULL)) THEN
        IF NEW.confirmed_at IS NOT NULL AND late AND NEW.delay_reason !~ '\S' THEN
            RAISE EXCEPTION 'entry %: what was destroyed late is confirmed with the reason of the delay', OLD.number
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: an entry of the register is only confirmed, once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0009_paper_due_since")]

    operations = [migrations.RunSQL(CONFIRMED)]
