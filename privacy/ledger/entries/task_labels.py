"""The task of a read as people say it: which record or register, and what was done with it."""

from django.apps import apps
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import registers

ACT_LABELS = {
    "listed": _("list opened"),
    "viewed": _("page opened"),
    "shown": _("shown"),
    "read": _("read"),
    "searched": _("searched for"),
    "unmasked": _("shown unmasked"),
    "exported": _("exported"),
    "printed": _("printed"),
    "downloaded": _("downloaded"),
    "sent": _("sent"),
    "addressed": _("address read"),
    "registered": _("registered"),
    "indexed": _("indexed"),
    "written": _("written"),
    "begun": _("begun"),
    "archived": _("archived"),
    "provided": _("provided"),
    "previewed": _("previewed"),
    "scanned": _("scanned for malware"),
    "sealed": _("sealed"),
}
# What is no model's name; with the app before it where two apps have one of that name.
NOUN_LABELS = {
    "case": _("rights request"),
    "access": _("access package"),
    "content": _("content of a report"),
    "correction": _("correction"),
    "current": _("value held now"),
    "record": _("report"),
    "records": _("report"),
    "evidence": _("document of evidence"),
    "scan": _("scanned document"),
    "letters": _("letters"),
    "archive": _("archive"),
    "wait": _("announced destruction"),
    "pickup-code": _("pick-up code"),
    "decisions": _("consents"),
    "contacts": _("contacts"),
    "import": _("fleet import"),
    "note": _("note on a case"),
    "mandate": _("power of attorney"),
    "objection.evidence": _("document of an objection"),
    "complainant": _("complainant"),
    "requester": _("requester"),
    "package": _("access package"),
    "letter": _("letter"),
    "message": _("message about a request"),
    "mail": _("incoming mail or text message"),
    "destruction": _("announced destruction"),
    "notice": _("notice about a consent"),
    "of-age": _("notice that a person is 14"),
    "proof": _("proof of a supervision or disposal"),
    "certificate": _("certificate of a training"),
    "signed-paper": _("signed paper"),
    "workforce.letter": _("representative's letter"),
    "passphrase": _("file passphrase"),
    "webhook-key": _("webhook key"),
    "file": _("file"),
    "identifiers": _("identifiers for a connected system"),
    "values": _("right value for a connected system"),
}
TASK_LABELS = {
    "accounts.user.signed-in": _("signing in"),
    "ledger.prove": _("proof of an entry downloaded"),
    "ledger.verify": _("audit trail verified"),
    "ledger.export": _("audit trail exported"),
    "retention.destruction.read-back": _("read-back after a destruction"),
    "scim.users.listed": _("accounts listed by the directory"),
    "scim.user.read": _("account read by the directory"),
    "scim.user.created": _("account opened by the directory"),
    "scim.user.changed": _("account changed by the directory"),
    "scim.user.removed": _("account removed by the directory"),
    "scim.description.read": _("description of the directory’s interface read"),
}


def task_label(task: str) -> str:
    """Return a task's code in the active language; a code that nobody named stays as it is."""
    if task in TASK_LABELS:
        return str(TASK_LABELS[task])
    app, _dot, rest = task.partition(".")
    noun, _dot, act = rest.rpartition(".")
    if act not in ACT_LABELS or not (named := _noun(app, noun)):
        return task
    return gettext("%(what)s · %(act)s") % {"what": named, "act": ACT_LABELS[act]}


def _noun(app: str, noun: str) -> str:
    if app == "office":
        return _title(noun)
    try:
        return str(apps.get_model(app, noun)._meta.verbose_name)
    except LookupError:
        return str(NOUN_LABELS.get(f"{app}.{noun}") or NOUN_LABELS.get(noun) or "")


def _title(code: str) -> str:
    """Return what a register lists: its own title is the official form's, in Korean alone."""
    try:
        return str(apps.get_model(registers.get(code).models[0])._meta.verbose_name_plural)
    except (LookupError, IndexError):
        return ""
