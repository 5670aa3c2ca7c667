"""Whoever approves a webhook is a second person (decision 0106); what was approved is what is called."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER office_api_webhook_has_two_people BEFORE INSERT OR UPDATE ON office_api_subscription
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'asked_by');
ALTER TABLE office_api_subscription ENABLE ALWAYS TRIGGER office_api_webhook_has_two_people;
CREATE FUNCTION office_api_webhook_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF (NEW.address, NEW.kinds, NEW.asked_by) IS DISTINCT FROM (OLD.address, OLD.kinds, OLD.asked_by) THEN
        RAISE EXCEPTION 'office_api_webhook_stays'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'office_api_webhook_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER office_api_webhook_stays BEFORE UPDATE ON office_api_subscription
    FOR EACH ROW EXECUTE FUNCTION office_api_webhook_stays();
ALTER TABLE office_api_subscription ENABLE ALWAYS TRIGGER office_api_webhook_stays;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_emergencies"), ("office_api", "0002_webhooks")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
