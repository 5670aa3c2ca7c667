"""A late question that comes back is noted by the release before, too, which knows of no other day (decision 0450)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consents', '0010_late_confirmations'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='advertisingnotice',
            name='consents_notice_counted_from_before_it_was_sent',
        ),
        migrations.AddConstraint(
            model_name='advertisingnotice',
            constraint=models.CheckConstraint(condition=models.Q(('counted_from', None), models.Q(('kind', 'confirmation'), models.Q(('sent_at', None), ('counted_from__lte', models.F('sent_at')), _connector='OR')), _connector='OR'), name='consents_notice_counted_from_before_it_was_sent'),
        ),
    ]
