"""Of transfers under way too, nothing goes out from the day on that people are told of (decision 0437)."""

from django.db import migrations

UNDER_WAY = """
UPDATE campaigns_campaign c SET told_before = t.transfer_on::timestamp AT TIME ZONE 'Asia/Seoul'
FROM processors_businesstransfer t
WHERE t.campaign_id = c.id AND t.done_on IS NULL AND t.cancelled_at IS NULL AND c.told_before IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0011_told_before"), ("processors", "0006_two_people_always")]
    operations = [migrations.RunSQL(UNDER_WAY)]
