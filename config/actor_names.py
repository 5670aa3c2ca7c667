"""Actors of the ledger as people read them."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from privacy.lib.display import display_names

# What the portal does by itself, by the name that its acts have on the audit trail (``SystemActor``).
JOBS = {
    "accounts": pgettext_lazy("job", "accounts"),
    "adopt_registers": pgettext_lazy("job", "registers adopted anew"),
    "advertising": pgettext_lazy("job", "consents to advertising"),
    "app-logs": pgettext_lazy("job", "app logs"),
    "bounces": pgettext_lazy("job", "returned mail"),
    "business-transfers": pgettext_lazy("job", "transfers of the business"),
    "calendar": pgettext_lazy("job", "calendar"),
    "campaigns": pgettext_lazy("job", "individual notices"),
    "challenge": pgettext_lazy("job", "confirmation on the device"),
    "complaints": pgettext_lazy("job", "complaints"),
    "consents": pgettext_lazy("job", "consents"),
    "contacts": pgettext_lazy("job", "contacts"),
    "demo": pgettext_lazy("job", "demonstration"),
    "disclosures": pgettext_lazy("job", "disclosures"),
    "dossier": pgettext_lazy("job", "dossier for an inspector"),
    "export_ledger": pgettext_lazy("job", "export of the audit trail"),
    "finish-destruction": pgettext_lazy("job", "destructions that were interrupted"),
    "fleet-import": pgettext_lazy("job", "import of devices"),
    "holds": pgettext_lazy("job", "holds that end"),
    "inbox": pgettext_lazy("job", "incoming mail"),
    "installation": pgettext_lazy("job", "installation"),
    "keys": pgettext_lazy("job", "keys"),
    "keyservice": pgettext_lazy("job", "key service"),
    "notary": pgettext_lazy("job", "notary"),
    "notices": pgettext_lazy("job", "correction notices"),
    "pairing": pgettext_lazy("job", "comparison of writes"),
    "policies": pgettext_lazy("job", "privacy policy"),
    "prediction": pgettext_lazy("job", "prediction of destructions"),
    "read-back": pgettext_lazy("job", "read-back of destructions"),
    "reconcile": pgettext_lazy("job", "reconciliation"),
    "release": pgettext_lazy("job", "upgrade"),
    "replay": pgettext_lazy("job", "replay after a restore"),
    "retention": pgettext_lazy("job", "retention"),
    "reviews": pgettext_lazy("job", "reviews of access records"),
    "rights": pgettext_lazy("job", "requests of data subjects"),
    "rotate-master-key": pgettext_lazy("job", "new master key"),
    "safeguards": pgettext_lazy("job", "safeguards"),
    "scanner": pgettext_lazy("job", "malware scan"),
    "scrub": pgettext_lazy("job", "reading of the whole audit trail"),
    "simulate-fleet": pgettext_lazy("job", "simulated devices"),
    "statistics": pgettext_lazy("job", "statistics"),
    "sweep": pgettext_lazy("job", "nightly sweep"),
    "systems": pgettext_lazy("job", "connected systems"),
    "vault": pgettext_lazy("job", "encryption and freezes"),
    "webhooks": pgettext_lazy("job", "webhooks"),
    "worker": pgettext_lazy("job", "background work"),
    "workforce": pgettext_lazy("job", "pledges and training"),
}


def account_names(refs: Iterable[str]) -> dict[str, str]:
    """Return the names of the accounts behind references, in one question."""
    return display_names.display_names_of("account", {ref for ref in refs if ref.startswith("U-")})


def actor_name(ref: str, known: Mapping[str, str]) -> str:
    """Return an actor by name; who has none by the reference, the portal's own jobs by their work."""
    if ref.startswith("system:"):
        job = ref.removeprefix("system:")
        return _("the portal (%(job)s)") % {"job": JOBS.get(job, job.replace("-", " "))}
    return known.get(ref, ref)
