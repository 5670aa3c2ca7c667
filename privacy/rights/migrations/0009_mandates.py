"""What a power of attorney covers, of which day it is, and that its signature was seen."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0008_suspension_measures'),
    ]

    operations = [
        migrations.AddField(
            model_name='request',
            name='mandate_covers',
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name='what the mandate covers'),
        ),
        migrations.AddField(
            model_name='request',
            name='mandate_given_on',
            field=models.DateField(blank=True, null=True, verbose_name='mandate dated'),
        ),
        migrations.AddField(
            model_name='request',
            name='mandate_signed',
            field=models.BooleanField(db_default=False, default=False, verbose_name='signature seen'),
        ),
        migrations.AlterField(
            model_name='particulars',
            name='about',
            field=models.CharField(choices=[('case', 'the request'), ('objection', 'an objection'), ('answer', 'the explanation of a decision'), ('note', 'a note by the privacy office'), ('mandate', 'both people of a power of attorney')], default='case', max_length=10, verbose_name='about'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('mandate_covers', []), ('mandate_given_on', None), ('mandate_signed', False)), models.Q(('authority', 'power-of-attorney'), ('mandate_given_on__isnull', False), ('mandate_signed', True), models.Q(('mandate_covers', []), _negated=True)), _connector='OR'), name='rights_mandate_covers_something_and_is_dated_and_signed'),
        ),
    ]
