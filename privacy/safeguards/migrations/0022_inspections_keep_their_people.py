"""Whose work an inspection is stays what it was, and of those held before it was written down the trail says it."""

from django.db import migrations

# Where whoever recorded the result took note of it too, nothing is written: nobody may have done both (S-30).
RECORDERS = """
UPDATE safeguards_inspection i SET held_by = said.actor
FROM safeguards_inspection held, LATERAL (
    SELECT e.actor FROM ledger.entry e
    WHERE e.about = 'safeguards.inspection:' || held.id AND e.kind = 'act' AND e.word = 'safeguards.inspection.held'
    ORDER BY e.id DESC LIMIT 1
) said
WHERE i.id = held.id AND i.held_by = '' AND i.state <> 'planned' AND i.reported_to <> said.actor;
"""
PEOPLE = """
CREATE FUNCTION safeguards_inspection_keeps_its_people() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'planned' OR NEW.held_by <> '' THEN
            RETURN NEW;
        END IF;
    ELSIF NEW.inspector = OLD.inspector AND (
        (NEW.state = OLD.state AND NEW.held_by = OLD.held_by)
        OR ((OLD.state, NEW.state, OLD.held_by) = ('planned', 'held', '') AND NEW.held_by <> '')
        OR ((OLD.state, NEW.state, OLD.held_by) = ('held', 'reported', NEW.held_by) AND NEW.held_by <> '')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'inspection %: who held it and who recorded its result stay what they were', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'safeguards_inspection_keeps_its_people';
END $$;
CREATE TRIGGER safeguards_inspection_keeps_its_people BEFORE INSERT OR UPDATE ON safeguards_inspection
    FOR EACH ROW EXECUTE FUNCTION safeguards_inspection_keeps_its_people();
-- What was done about a finding, and by whom, is said while it is open; nobody puts another name there to confirm it.
CREATE FUNCTION safeguards_finding_keeps_its_people() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.done_by <> OLD.done_by AND (OLD.state, NEW.state) <> ('open', 'corrected') THEN
        RAISE EXCEPTION 'finding %: who corrected it stays what it was', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'safeguards_finding_keeps_its_people';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER safeguards_finding_keeps_its_people BEFORE UPDATE ON safeguards_inspectionfinding
    FOR EACH ROW EXECUTE FUNCTION safeguards_finding_keeps_its_people();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_schema"), ("safeguards", "0021_inspections_of_two_people")]
    operations = [migrations.RunSQL(RECORDERS), migrations.RunSQL(PEOPLE)]
