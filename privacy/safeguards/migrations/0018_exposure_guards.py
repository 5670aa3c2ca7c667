"""Whoever confirms that exposed data is gone is a second person, by the accounts' rule (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER safeguards_exposure_has_two_people BEFORE INSERT OR UPDATE ON safeguards_exposure
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('confirmed_by', 'confirmed_at', 'ended_by');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("safeguards", "0017_exposures")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
