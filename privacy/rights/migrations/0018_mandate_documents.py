"""Whether a document came while a mandate was lacking: only such a one proves a mandate anew (R-26)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0017_renewed_mandates'),
    ]

    operations = [
        migrations.AddField(
            model_name='identitydocument',
            name='mandate_was_lacking',
            field=models.BooleanField(db_default=False, default=False, verbose_name='sent while a mandate was lacking'),
        ),
    ]
