"""Which documents this app hands out: registers and review sheets. Proofs verify themselves (``verify.py``)."""

from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents

issued_documents.declare("register", name=_("office register"))
issued_documents.declare("review-sheet", name=_("review of access records"), has_proof=True)
