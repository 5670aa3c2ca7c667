"""Give the lines of the register that had no end one: a year from today, or the day they were revoked.

The guard of the register is off for this one statement; the migration runs as the tables' owner.
"""

from django.db import migrations

END = """
ALTER TABLE accounts_accessgrant DISABLE TRIGGER accounts_register_is_kept;
UPDATE accounts_accessgrant
   SET valid_until = CASE
       WHEN revoked_at IS NOT NULL THEN greatest(valid_from, (revoked_at AT TIME ZONE 'Asia/Seoul')::date)
       ELSE (greatest(valid_from, (now() AT TIME ZONE 'Asia/Seoul')::date) + interval '12 months - 1 day')::date
   END
 WHERE valid_until IS NULL;
ALTER TABLE accounts_accessgrant ENABLE TRIGGER accounts_register_is_kept;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_register_is_kept")]
    operations = [migrations.RunSQL(END, migrations.RunSQL.noop)]
