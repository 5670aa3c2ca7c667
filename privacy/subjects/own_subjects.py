"""Which data subjects work here, as far as the office knows: one of their contacts is the e-mail address of an account.

The review of access records asks it, to find who looked up their own data (law S-07). Contacts are compared by their
blind index; none is opened.
"""

from collections import defaultdict
from itertools import batched

from privacy.accounts.models import User
from privacy.subjects.models import BATCH_SIZE, Contact
from privacy.subjects.references import pseudonyms
from privacy.vault import actions as vault


def subjects_of_accounts() -> dict[str, frozenset[str]]:
    """Return the pseudonyms of each account holder who is a data subject too, by the account's reference.

    Raises KeyServiceUnavailable, WrongKey.
    """
    accounts = User.objects.exclude(email="").order_by("reference").values_list("reference", "email")
    own: defaultdict[str, set[str]] = defaultdict(set)
    for part in batched(accounts, BATCH_SIZE):
        indexes = vault.blind_indexes_of(("contact", email) for _reference, email in part)
        whose = dict(zip(indexes, (reference for reference, _email in part), strict=True))
        contacts = Contact.objects.filter(kind=Contact.Kind.EMAIL, value_index__in=indexes)
        for index, subject_id in contacts.values_list("value_index", "subject_id"):
            own[whose[bytes(index or b"")]].update(pseudonyms(str(subject_id)))
    return {account: frozenset(subjects) for account, subjects in own.items()}
