"""Who acted, as people read it: the register of destructions names persons (form F-6), its rows keep references."""

from django.utils.translation import gettext as _

from privacy.accounts.models import User


def in_words(references: str) -> str:
    """Return references such as ``U-7F3K-92QX, rule:2020-12-01`` as names, each with its reference."""
    return ", ".join(_one(reference.strip()) for reference in references.split(",") if reference.strip())


def _one(reference: str) -> str:
    kind, colon, rest = reference.partition(":")
    if colon and kind == "system":
        programs = {
            "sweep": _("nightly sweep"),
            "read-back": _("read-back by the portal"),
            "replay": _("replay after a restore"),
        }
        return programs.get(rest, rest)
    if colon and kind == "rule":
        return _("the rule of policy %(number)s") % {"number": rest}
    if not reference.startswith("U-"):
        return reference
    name = User.objects.filter(reference=reference).values_list("name", flat=True).first()
    return f"{name} ({reference})" if name else reference
