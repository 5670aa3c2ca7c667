"""No undeclared personal field: what sounds personal is sealed, or stands here with its reason (vault.md)."""

import re

import pytest

from privacy.vault.fields import EncryptedField
from tests.house.test_keys_point_downwards import our_models

SOUNDS_PERSONAL = re.compile(
    r"(^|_)(imei|serial|adb|phone|mobile|email|e_mail|address|contact|birth|resident|passport|name|applicant|"
    r"representative|model|model_description|os_version|os_build|time_zone|licence_key|body|message(?!_id))(_|$)"
)
# Not about data subjects, or not personal at all; each with its reason.
APPROVED = {
    "accounts.Browser.address": "where an employee signed in from, for them to check (law S-01)",
    "accounts.SignIn.address": "where an employee signed in from, for them to check (law S-01)",
    "accounts.AccountAct.email": "whom an account is asked for; emptied with the decision",
    "accounts.AccountAct.name": "whom an account is asked for; emptied with the decision",
    "accounts.User.email": "an employee's sign-in, in the general database by design",
    "accounts.User.name": "an employee's name in their own account",
    "consents.AgreementVersion.body_ko": "a published text",
    "consents.AgreementVersion.body_en": "a published text",
    "consents.Decision.by_representative": "whether, not who",
    "devices.AppPermission.name_ko": "what a permission of the app is called, published",
    "devices.AppPermission.name_en": "what a permission of the app is called, published",
    "scim.ProvisionedAccount.user_name": "an employee's sign-in at the company's directory, as accounts.User.email is",
    "devices.IdempotentResponse.body": "the API's own answer: references and codes",
    "office_api.OutgoingEvent.body": "numbers, codes and times; its own test looks for personal values",
    "office_api.Subscription.address": "where a program of the company answers",
    "retention.Certificate.body": "counts and digests (P7.1); its own test looks for personal values",
    "workforce.Pledge.typed_name": "an employee's signature under a pledge, in the register of the law (F-15)",
    "retention.RegisterEntry.file_name": "the name of the category, form F-6",
}
WORDS_OF_STAFF_AND_RULES = {
    "policies": "the published policy: officer, agencies and rules are public",
    "ledger": "no personal values by the ledger's own check of payloads",
    "jobs": "names of daemons",
    "disclosures": "third parties are organisations",
    "systems": "names of systems and departments, and answers of counts and digests",
    "processors": "processors and recipients abroad are organisations, and published",
}


@pytest.mark.law("S-19")
@pytest.mark.asvs("14.1.1")
@pytest.mark.clause("P0.1")
def test_what_sounds_personal_is_sealed() -> None:
    offences = []
    for model in our_models():
        if model._meta.app_label in WORDS_OF_STAFF_AND_RULES:
            continue
        for field in model._meta.get_fields():
            if not field.concrete or field.is_relation or not SOUNDS_PERSONAL.search(field.name):
                continue
            name = f"{model._meta.label}.{field.name}"
            if isinstance(field, EncryptedField) or field.name.endswith("_index") or name in APPROVED:
                continue
            offences.append(name)
    assert not offences, "Seal these, or approve them with a reason:\n" + "\n".join(offences)
