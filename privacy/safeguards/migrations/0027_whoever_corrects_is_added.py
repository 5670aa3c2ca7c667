"""Whoever corrects a finding is added also where the release before writes it, which knows only the last (0450)."""

from django.db import migrations

PEOPLE = """
CREATE OR REPLACE FUNCTION safeguards_finding_keeps_its_people() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    known jsonb := '[]';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        known := OLD.corrected_by;
        IF NEW.done_by <> OLD.done_by AND (OLD.state, NEW.state) <> ('open', 'corrected') THEN
            RAISE EXCEPTION 'finding %: who corrected it stays what it was', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'safeguards_finding_keeps_its_people';
        END IF;
    END IF;
    -- One that was given back is corrected by anybody, and whoever did so before is not forgotten.
    IF NEW.done_by <> '' AND (TG_OP = 'INSERT' OR (OLD.state, NEW.state) = ('open', 'corrected')) THEN
        known := (SELECT jsonb_agg(name ORDER BY name COLLATE "C") FROM (
            SELECT jsonb_array_elements_text(known) AS name UNION SELECT NEW.done_by
        ) names);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.corrected_by = OLD.corrected_by THEN
        NEW.corrected_by := known;
    END IF;
    IF NEW.corrected_by IS DISTINCT FROM known THEN
        RAISE EXCEPTION 'finding %: everyone who corrected it stays known, and nobody else', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'safeguards_finding_keeps_its_people';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("safeguards", "0026_nobody_else_corrected_a_finding")]
    operations = [migrations.RunSQL(PEOPLE)]
