"""The result of a destruction is confirmed by a second person, not by a second account (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE FUNCTION retention_result_is_confirmed_by_another() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'entry %: who recorded or carried out a destruction does not confirm it', NEW.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'retention_result_is_confirmed_by_another';
END $$;
CREATE TRIGGER retention_result_is_confirmed_by_another BEFORE INSERT OR UPDATE ON retention_registerentry
    FOR EACH ROW WHEN (NEW.confirmed_by <> '' AND NEW.confirmed_by IN (NEW.requested_by, NEW.handler))
    EXECUTE FUNCTION retention_result_is_confirmed_by_another();
CREATE TRIGGER retention_result_has_two_people BEFORE INSERT OR UPDATE ON retention_registerentry
    FOR EACH ROW EXECUTE FUNCTION
    accounts_approved_by_second_person('confirmed_by', 'confirmed_at', 'requested_by', 'handler');
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_result_is_confirmed_by_another;
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_result_has_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_emergencies"), ("retention", "0010_a_reason_has_a_character")]

    operations = [migrations.RunSQL(TWO_PEOPLE)]
