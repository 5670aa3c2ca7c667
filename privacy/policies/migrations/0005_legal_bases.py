import django.db.models.deletion
import privacy.lib.identifiers.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0004_officers_name_in_latin_letters'),
    ]

    operations = [
        migrations.CreateModel(
            name='LegalBasis',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('basis', models.CharField(choices=[('consent', 'Consent (PIPA art. 15(1)1)'), ('law', 'Provision or duty of law (PIPA art. 15(1)2)'), ('contract', 'Contract with the data subject (PIPA art. 15(1)4)'), ('vital-interest', 'Urgent interest of life, body or property (PIPA art. 15(1)5)'), ('legitimate-interest', 'Legitimate interest of the company (PIPA art. 15(1)6)')], max_length=20, verbose_name='legal basis')),
                ('ground_ko', models.TextField(blank=True, help_text="Published in the policy. Law: the act and its article. Contract: which one, and why the data is needed for it. Interest: whose it is, and how it was weighed against the data subject's rights. Leave it empty for consent.", verbose_name='ground (Korean)')),
                ('ground_en', models.TextField(blank=True, verbose_name='ground (English)')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bases', to='policies.category', verbose_name='category')),
                ('purpose', models.ForeignKey(limit_choices_to={'is_internal': False}, on_delete=django.db.models.deletion.PROTECT, related_name='bases', to='policies.purpose', verbose_name='purpose')),
            ],
            options={
                'verbose_name': 'legal basis',
                'verbose_name_plural': 'legal bases',
                'ordering': ('category', 'purpose'),
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('category', 'purpose'), name='one_legal_basis_for_a_category_and_purpose', violation_error_message='This purpose of the category has its legal basis already. Change that one.'), models.CheckConstraint(condition=models.Q(('basis', 'consent'), models.Q(('ground_en__regex', '\\S'), ('ground_ko__regex', '\\S')), _connector='OR'), name='legal_basis_other_than_consent_has_its_ground', violation_error_message='State the ground in Korean and English: the article of the law, the contract, or the interest and how it was weighed. Only consent needs none.')],
            },
        ),
    ]
