"""The task of a read as people say it: which record or register, and what was done with it."""

from django.apps import apps
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from privacy.lib import registers

ACTS = {
    "listed": _("list opened"),
    "viewed": _("page opened"),
    "shown": _("shown"),
    "read": _("read"),
    "searched": _("searched for"),
    "unmasked": _("shown unmasked"),
    "exported": _("taken out"),
    "printed": _("printed"),
    "downloaded": _("downloaded"),
    "sent": _("sent"),
    "addressed": _("addressed"),
    "registered": _("registered"),
    "written": _("written"),
    "begun": _("begun"),
    "archived": _("set aside"),
    "provided": _("provided"),
}
# What is no model's name.
NOUNS = {
    "case": _("rights request"),
    "access": _("access package"),
    "content": _("content of a report"),
    "correction": _("correction"),
    "record": _("report"),
    "records": _("report"),
    "evidence": _("document of evidence"),
    "scan": _("scanned document"),
    "letters": _("letters"),
    "archive": _("archive"),
    "decisions": _("consents"),
    "import": _("fleet import"),
    "note": _("note on a case"),
}
WHOLE = {
    "ledger.prove": _("proof of an entry downloaded"),
    "ledger.verify": _("audit trail verified"),
    "ledger.export": _("audit trail taken out"),
    "retention.destruction.read-back": _("read-back after a destruction"),
}


def in_words(task: str) -> str:
    """Return a task's code in the active language; a code that nobody named stays as it is."""
    if task in WHOLE:
        return str(WHOLE[task])
    app, _dot, rest = task.partition(".")
    noun, _dot, act = rest.rpartition(".")
    if act not in ACTS or not (named := _noun(app, noun)):
        return task
    return gettext("%(what)s · %(act)s") % {"what": named, "act": ACTS[act]}


def _noun(app: str, noun: str) -> str:
    if app == "office":
        return _title(noun)
    try:
        return str(apps.get_model(app, noun)._meta.verbose_name)
    except LookupError:
        return str(NOUNS.get(noun, ""))


def _title(code: str) -> str:
    """Return what a register lists: its own title is the official form's, in Korean alone."""
    try:
        return str(apps.get_model(registers.get(code).models[0])._meta.verbose_name_plural)
    except (LookupError, IndexError):
        return ""
