"""Also while triggers are off for the session, whoever approves the notice of a transfer is a second person."""

from django.db import migrations

ALWAYS = """
ALTER TABLE processors_businesstransfer ENABLE ALWAYS TRIGGER processors_business_has_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("processors", "0005_business_guards")]
    operations = [migrations.RunSQL(ALWAYS)]
