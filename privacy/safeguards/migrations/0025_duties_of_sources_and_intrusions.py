"""Two more duties are asked about, with the numbers of one of them from ``editions/``; nothing in the tables changes."""

import tomllib
from pathlib import Path

from django.db import migrations, models

EDITION = Path(__file__).resolve().parent.parent / "editions" / "source_notice.toml"


def load(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for row in tomllib.loads(EDITION.read_text(encoding="utf-8"))["parameters"]:
        apps.get_model("policies", "Parameter").objects.create(**row)



class Migration(migrations.Migration):

    dependencies = [
        ('safeguards', '0024_findings_keep_who_corrected_them'),
        ('policies', '0003_data'),
    ]

    operations = [
        migrations.AlterField(
            model_name='applicabilitydecision',
            name='threshold',
            field=models.CharField(choices=[('officer', 'Qualified protection officer, resolution of the board, filing with the PIPC'), ('insurance', 'Insurance, mutual aid or reserve for damages'), ('use-notice', 'Yearly notice of use and provision'), ('source-notice', 'Notice of where data was obtained, within three months'), ('network', 'Computers of handlers cut off from the internet'), ('continuity', 'Crisis manual, plan of backup and recovery'), ('portability', "Transmission of one's own data on request"), ('portability-others', 'Transmission to others on request: health, telecom and energy transmitters'), ('telecom', 'Telecommunications business operator, value-added services included'), ('certification', 'Compulsory certification (ISMS-P)'), ('ai-use', 'Use beyond the purpose to develop artificial intelligence: resolution of the PIPC, policy'), ('intrusion-notice', 'Intrusions: notice to users, redress, manual'), ('cameras', 'Cameras: signs, and a policy of their own'), ('pseudonymised', 'Pseudonymised data: records and measures of its own'), ('additional-use', 'Repeated use or provision beyond the purpose without consent: published criteria, checked'), ('automated', 'Wholly automated decisions, such as actions of the MDM: published criteria, answers by people'), ('dormant', 'Data of users who no longer use the service, kept apart or destroyed'), ('backups-abroad', 'Backups and servers abroad, as transfers abroad')], max_length=20, verbose_name='duty'),
        ),
        migrations.RunPython(load),
    ]
