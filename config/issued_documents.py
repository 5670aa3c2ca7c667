"""Which documents the office hands out as a whole: the dossier for an inspector."""

from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents

issued_documents.declare("dossier", name=_("dossier for an inspector"), has_proof=True)
