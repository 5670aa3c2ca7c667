"""What the words of processors and transfers on the audit trail say, in a sentence."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

PROCESSOR_EVENT_DESCRIPTIONS: dict[str, Promise | str] = {
    "processors.consignment.registered": gettext_lazy("Consignment registered"),
    "processors.contract.amended": gettext_lazy("Contract of a processor amended"),
    "processors.consignment.ended": gettext_lazy("Consignment ended"),
    "processors.disposal.proven": gettext_lazy("Return or destruction by a processor proven"),
    "processors.subprocessor.agreed": gettext_lazy("Sub-processor consented to"),
    "processors.subprocessor.ended": gettext_lazy("Sub-consignment ended"),
    "processors.supervision.recorded": gettext_lazy("Check or training of a processor recorded"),
    "processors.proof.shown": gettext_lazy("Proof of a processor opened"),
    "processors.transfer.registered": gettext_lazy("Transfer abroad registered"),
    "processors.transfer.ended": gettext_lazy("Transfer abroad ended"),
    "processors.business.recorded": gettext_lazy("Transfer of the business recorded"),
    "processors.business.announced": gettext_lazy("People told of a transfer of the business"),
    "processors.business.handed-over": gettext_lazy("Business handed over"),
    "processors.business.given-up": gettext_lazy("Transfer of the business cancelled"),
}
