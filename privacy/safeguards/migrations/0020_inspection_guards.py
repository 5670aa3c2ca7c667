"""A report is acknowledged and a correction confirmed by a second person, not by a second account (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER safeguards_report_has_two_people BEFORE INSERT OR UPDATE ON safeguards_inspection
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('reported_to', 'reported_at', 'inspector');
CREATE TRIGGER safeguards_correction_has_two_people BEFORE INSERT OR UPDATE ON safeguards_inspectionfinding
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('confirmed_by', 'confirmed_at', 'done_by');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("safeguards", "0019_portability_to_others")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
