"""What an answer about an automated decision has to say (Decree art. 44-3), and how it is put together."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from privacy.rights.models import Right

RESULT: dict[str, Any] = {"result": _("What was examined, and the result")}
# Of an explanation the four parts of Decree 44-3(2); of a review whether the opinion counts (44-3(3)), of a refusal
# that the decision is not applied or was taken anew by a person (44-3(1)).
FIELDS: dict[str, dict[str, Any]] = {
    Right.Kind.EXPLANATION: {
        "result": _("Result of the decision"),
        "data_types": _("Main types of personal data used"),
        "criteria": _("Main criteria, and how the data affected the decision"),
        "procedure": _("How the decision is made"),
    },
    Right.Kind.REVIEW: RESULT,
    Right.Kind.DECISION_REFUSAL: RESULT,
}
OUTCOMES: dict[str, dict[str, Any]] = {
    Right.Kind.EXPLANATION: {"explained": _("The decision is explained")},
    Right.Kind.REVIEW: {
        "reflected": _("A person reviewed it, and your opinion is taken into account"),
        "not-reflected": _("A person reviewed it, and your opinion does not change it"),
    },
    Right.Kind.DECISION_REFUSAL: {
        "not-applied": _("The decision is not applied"),
        "decided-by-a-person": _("A person made a new decision"),
    },
}


def outcome(right: Right) -> str:
    """Return what became of the decision, in words; nothing before it was answered."""
    code = right.result.get("outcome", "")
    return str(OUTCOMES.get(right.kind, {}).get(code, ""))


def written(kind: str, said: Mapping[str, str]) -> str:
    """Return the parts of an answer as one text, each under its name."""
    fields = FIELDS[kind]
    if len(fields) == 1:
        return "\n".join(said[name].strip() for name in fields)
    return "\n\n".join(f"{label}\n{said[name].strip()}" for name, label in fields.items())
