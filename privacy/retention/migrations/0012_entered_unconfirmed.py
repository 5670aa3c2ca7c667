"""An entry of the register is entered unconfirmed, so that a late one is confirmed with its reason (decision 0440)."""

from django.db import migrations

ENTERED = """
CREATE TRIGGER retention_register_is_entered_unconfirmed BEFORE INSERT ON retention_registerentry
    FOR EACH ROW WHEN (NEW.confirmed_at IS NOT NULL OR NEW.confirmed_by <> '')
    EXECUTE FUNCTION retention_keep_register();
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_register_is_entered_unconfirmed;
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0011_results_of_two_people")]

    operations = [migrations.RunSQL(ENTERED)]
