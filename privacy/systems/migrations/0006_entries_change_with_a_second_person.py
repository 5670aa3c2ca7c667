"""What a system is asked for and its end change as a second person approved it, and only then (decision 0418)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER systems_entry_change_has_two_people BEFORE INSERT OR UPDATE ON systems_entrychange
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'asked_by');
-- What was asked for is what is approved.
CREATE FUNCTION systems_entry_change_stays_as_asked() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF (NEW.system_id, NEW.items, NEW.identifiers, NEW.ended_on, NEW.reason, NEW.asked_by, NEW.asked_at)
       IS DISTINCT FROM
       (OLD.system_id, OLD.items, OLD.identifiers, OLD.ended_on, OLD.reason, OLD.asked_by, OLD.asked_at)
       OR OLD.approved_at IS NOT NULL OR OLD.refused_at IS NOT NULL THEN
        RAISE EXCEPTION 'systems_entry_change_stays_as_asked'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'systems_entry_change_stays_as_asked';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER systems_entry_change_stays_as_asked BEFORE UPDATE ON systems_entrychange
    FOR EACH ROW EXECUTE FUNCTION systems_entry_change_stays_as_asked();
-- The register says what the newest approved change says; an older one brings nothing back.
CREATE FUNCTION systems_entry_is_of_two_people() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    newest systems_entrychange;
BEGIN
    IF (NEW.items, NEW.identifiers, NEW.ended_on, NEW.end_reason, NEW.ended_by)
       IS NOT DISTINCT FROM (OLD.items, OLD.identifiers, OLD.ended_on, OLD.end_reason, OLD.ended_by)
       AND (NEW.way, NEW.begins_on) = (OLD.way, OLD.begins_on) THEN
        RETURN NEW;
    END IF;
    SELECT * INTO newest FROM systems_entrychange c
        WHERE c.system_id = NEW.id AND c.approved_at IS NOT NULL ORDER BY c.approved_at DESC, c.id DESC LIMIT 1;
    IF newest.id IS NULL OR OLD.ended_on IS NOT NULL
       OR (NEW.way, NEW.begins_on) <> (OLD.way, OLD.begins_on)
       OR (NEW.items, NEW.identifiers, NEW.ended_on) IS DISTINCT FROM
          (newest.items, newest.identifiers, newest.ended_on)
       OR (NEW.ended_on IS NOT NULL AND (NEW.end_reason, NEW.ended_by) <> (newest.reason, newest.asked_by)) THEN
        RAISE EXCEPTION 'systems_entry_is_of_two_people'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'systems_entry_is_of_two_people';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER systems_entry_is_of_two_people BEFORE UPDATE ON systems_connectedsystem
    FOR EACH ROW EXECUTE FUNCTION systems_entry_is_of_two_people();
ALTER TABLE systems_entrychange ENABLE ALWAYS TRIGGER systems_entry_change_has_two_people;
ALTER TABLE systems_entrychange ENABLE ALWAYS TRIGGER systems_entry_change_stays_as_asked;
ALTER TABLE systems_connectedsystem ENABLE ALWAYS TRIGGER systems_entry_is_of_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("systems", "0005_entry_changes")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
