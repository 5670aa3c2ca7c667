"""Labels say in plain English what they mean; nothing in the tables changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rights", "0032_transmission_grounds"),
    ]

    operations = [
        migrations.AlterField(
            model_name="incomingmail",
            name="why",
            field=models.CharField(
                blank=True,
                choices=[
                    ("by-hand", "text messages are always sorted by hand"),
                    ("no-case", "it names no request"),
                    ("bad-signature", "its reply address is not one of ours"),
                    ("case-over", "the request that it names is over"),
                    ("too-many", "more messages came for its request within an hour than are accepted"),
                    ("too-large", "it is too large"),
                    ("headers", "its headers have no end"),
                    ("nested", "it has too many parts"),
                    ("malformed", "it is not readable"),
                    ("empty", "it says nothing"),
                ],
                max_length=16,
                verbose_name="why",
            ),
        ),
        migrations.AlterField(
            model_name="right",
            name="ground",
            field=models.CharField(
                blank=True,
                choices=[
                    ("law", "An Act forbids or restricts access"),
                    ("life-or-body", "It could harm another person's life or body"),
                    (
                        "property-or-interests",
                        "It could unreasonably infringe another person's property or other interests",
                    ),
                    ("accurate", "The information was checked and is accurate"),
                    ("collected-by-law", "Another law expressly lists it as information to be collected"),
                    (
                        "legal-duty",
                        "A special provision of an Act requires it, or it is unavoidable to meet a legal duty",
                    ),
                    (
                        "contract",
                        "The contract can't be performed without this processing, and the data subject has not clearly said that they want to end it",
                    ),
                    ("not-automated", "A person took part in the decision, so it is not wholly automated"),
                    ("not-grave", "The decision does not gravely affect the data subject's rights or duties"),
                    (
                        "consent-law-or-contract",
                        "The decision rests on consent, on a law, or on a contract with the data subject",
                    ),
                    (
                        "not-bound",
                        "The company is not one of those that must transmit data (Act art. 35-2, Decree art. 42-2)",
                    ),
                    (
                        "not-bound-to-others",
                        "The company is not one of those that must transmit data to others (Act art. 35-2(2), Decree art. 42-2(2))",
                    ),
                    (
                        "guardian-unconfirmed",
                        "It could not be confirmed that the legal representative of a child agrees",
                    ),
                    ("rights-of-others", "It would infringe another person's rights or legitimate interests"),
                    ("unspecified", "The request does not say what is to be transmitted, or for what"),
                    ("stolen-credentials", "It was asked for by improper means, such as stolen sign-in details"),
                    (
                        "recipient-not-entitled",
                        "It is to be sent to someone to whom the law does not let data be transmitted",
                    ),
                    (
                        "misuse",
                        "The data would be used for a crime, or otherwise clearly against the data subject's interests",
                    ),
                    (
                        "repeated",
                        "The same data is asked for again and again without a good reason, so that it hinders our work",
                    ),
                    (
                        "deceit-or-threat",
                        "Someone seems to have deceived or threatened the data subject, or there is another reason as good",
                    ),
                ],
                max_length=24,
                verbose_name="ground for refusal",
            ),
        ),
        migrations.AlterField(
            model_name="suspensionmeasure",
            name="reason",
            field=models.CharField(blank=True, max_length=300, verbose_name="why the data is kept blocked"),
        ),
    ]
