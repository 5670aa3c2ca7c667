"""Cameras bind where the public comes; additional use is not beyond the purpose (PIPA arts. 25, 15(3), 17(4))."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('safeguards', '0027_whoever_corrects_is_added'),
    ]

    operations = [
        migrations.AlterField(
            model_name='applicabilitydecision',
            name='threshold',
            field=models.CharField(choices=[('officer', 'Qualified protection officer, resolution of the board, filing with the PIPC'), ('insurance', 'Insurance, mutual aid or reserve for damages'), ('use-notice', 'Yearly notice of use and provision'), ('source-notice', 'Notice of where data was obtained, within three months'), ('network', 'Computers of handlers cut off from the internet'), ('continuity', 'Crisis manual, plan of backup and recovery'), ('portability', "Transmission of one's own data on request"), ('portability-others', 'Transmission to others on request: health, telecom and energy transmitters'), ('telecom', 'Telecommunications business operator, value-added services included'), ('certification', 'Compulsory certification (ISMS-P)'), ('ai-use', 'Use beyond the purpose to develop artificial intelligence: resolution of the PIPC, policy'), ('intrusion-notice', 'Intrusions: notice to users, redress, manual'), ('cameras', 'Cameras in places open to the public: signs, and a policy'), ('pseudonymised', 'Pseudonymised data: records and measures of its own'), ('additional-use', 'Repeated additional use or provision without consent: published criteria, checked'), ('automated', 'Wholly automated decisions, such as actions of the MDM: published criteria, answers by people'), ('dormant', 'Data of users who no longer use the service, kept apart or destroyed'), ('backups-abroad', 'Backups and servers abroad, as transfers abroad')], max_length=20, verbose_name='duty'),
        ),
    ]
