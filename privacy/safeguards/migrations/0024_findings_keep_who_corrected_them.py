"""Everyone who ever corrected a finding stays known with it, and none of them confirms it (decision 0106)."""

from django.db import migrations, models

# The trail says who corrected it before it was given back.
CORRECTED = """
UPDATE safeguards_inspectionfinding f SET corrected_by = said.people
FROM safeguards_inspectionfinding known, LATERAL (
    SELECT jsonb_agg(name ORDER BY name) AS people FROM (
        SELECT known.done_by AS name
        UNION SELECT e.actor FROM ledger.entry e
        WHERE e.about = 'safeguards.inspectionfinding:' || known.id AND e.kind = 'act'
          AND e.word = 'safeguards.finding.corrected'
    ) names
) said
WHERE f.id = known.id AND f.done_by <> '' AND f.corrected_by = '[]';
"""
PEOPLE = """
CREATE OR REPLACE FUNCTION safeguards_finding_keeps_its_people() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.done_by <> OLD.done_by AND (OLD.state, NEW.state) <> ('open', 'corrected') THEN
        RAISE EXCEPTION 'finding %: who corrected it stays what it was', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'safeguards_finding_keeps_its_people';
    END IF;
    -- One that was given back is corrected by anybody, and whoever did so before is not forgotten.
    IF (NEW.done_by <> '' AND NOT NEW.corrected_by @> to_jsonb(NEW.done_by))
       OR (TG_OP = 'UPDATE' AND NOT NEW.corrected_by @> OLD.corrected_by) THEN
        RAISE EXCEPTION 'finding %: everyone who corrected it stays known', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'safeguards_finding_keeps_its_people';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER safeguards_finding_keeps_its_people ON safeguards_inspectionfinding;
CREATE TRIGGER safeguards_finding_keeps_its_people BEFORE INSERT OR UPDATE ON safeguards_inspectionfinding
    FOR EACH ROW EXECUTE FUNCTION safeguards_finding_keeps_its_people();

DROP TRIGGER safeguards_correction_has_two_people ON safeguards_inspectionfinding;
CREATE FUNCTION safeguards_correction_is_of_others() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    one text;
    why text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.confirmed_by = OLD.confirmed_by THEN
        RETURN NEW;
    END IF;
    FOR one IN SELECT value FROM jsonb_array_elements_text(NEW.corrected_by) LOOP
        why := accounts_second_person(NEW.confirmed_by, one, least(coalesce(NEW.confirmed_at, now()), now()));
        -- Who corrected it last meets a constraint that says so.
        IF why <> '' AND NOT (why = 'same' AND one = NEW.done_by) THEN
            RAISE EXCEPTION 'finding %: % cannot approve as the second person (%)', NEW.id, NEW.confirmed_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER safeguards_correction_has_two_people BEFORE INSERT OR UPDATE ON safeguards_inspectionfinding
    FOR EACH ROW WHEN (NEW.confirmed_by <> '') EXECUTE FUNCTION safeguards_correction_is_of_others();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("ledger", "0001_schema"), ("safeguards", "0023_plain_words")]
    operations = [
        migrations.AddField(
            model_name="inspectionfinding",
            name="corrected_by",
            field=models.JSONField(db_default=[], default=list, verbose_name="everyone who corrected it"),
        ),
        migrations.RunSQL(CORRECTED),
        migrations.RunSQL(PEOPLE),
    ]
