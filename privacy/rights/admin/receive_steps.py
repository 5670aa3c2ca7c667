"""Writing down a request that came by telephone, e-mail, letter or visit, in steps: each asks only what matters."""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from privacy.lib.console.form_steps import SUMMARY, FormSteps
from privacy.rights.forms import MORE_CORRECTIONS
from privacy.rights.models import AUTOMATED, Request, Right

RECEIPT, DETAILS = "receipt", "details"
FURTHER_CORRECTIONS = tuple(f"{name}_{number}" for number in MORE_CORRECTIONS for name in ("item", "wanted"))
# What is asked about a right, and what of it is needed.
OF_A_RIGHT: Mapping[str, tuple[list[str], set[str]]] = {
    Right.Kind.ACCESS: (["scope"], set()),
    Right.Kind.CORRECTION: (["item", "wanted", "record", *FURTHER_CORRECTIONS], {"item", "wanted"}),
    Right.Kind.DELETION: (["category"], set()),
    Right.Kind.SUSPENSION: (["category"], set()),
    Right.Kind.CONSENT_WITHDRAWAL: (["agreement"], set()),
    **{kind: (["decision"], {"decision"}) for kind in AUTOMATED},
}


class ReceiveSteps(FormSteps):
    titles: ClassVar[Mapping[str, Promise]] = {
        RECEIPT: gettext_lazy("What is asked for, and about whose data"),
        DETAILS: gettext_lazy("What exactly, who asks, and how to answer"),
        SUMMARY: pgettext_lazy("step", "Check and record"),
    }
    unseen: ClassVar[tuple[str, ...]] = ("submission",)
    folded_title: ClassVar[Promise | str] = gettext_lazy("Something else is wrong too")
    folded_names: ClassVar[tuple[str, ...]] = FURTHER_CORRECTIONS

    def fields_of(self, step: str) -> list[str]:
        if step == RECEIPT:
            return ["channel", "received_on", "rights", "target_kind", "target"]
        if step == DETAILS:
            asked = dict.fromkeys(name for kind in self._rights for name in OF_A_RIGHT.get(kind, ([], set()))[0])
            people = ["principal", "principal_birth_date", "relation", "birth_date"]
            represented = people if self._is_represented else []
            answer = ["answer_by", "email", "phone", "address"]
            return [*asked, "explanation", "requester", "name", *represented, *answer]
        return []

    def needed(self) -> set[str]:
        always = {"channel", "received_on", "rights", "target_kind", "target", "requester", "answer_by"}
        of_rights = {name for kind in self._rights for name in OF_A_RIGHT.get(kind, ([], set()))[1]}
        represented = {"name", "principal", "relation"} if self._is_represented else set()
        if self.form["requester"].value() == Request.Requester.LEGAL_REPRESENTATIVE:
            represented.add("principal_birth_date")
        address = {
            Request.Answer.EMAIL: {"email"}, Request.Answer.LETTER: {"address"}, Request.Answer.TEXT: {"phone"},
        }  # fmt: skip
        return always | of_rights | represented | address.get(self.form["answer_by"].value(), set())

    @property
    def _rights(self) -> list[str]:
        return [str(kind) for kind in self.form["rights"].value() or ()]

    @property
    def _is_represented(self) -> bool:
        return self.form["requester"].value() not in (None, "", Request.Requester.SELF)
