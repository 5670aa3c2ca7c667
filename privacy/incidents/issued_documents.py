"""Which documents this app hands out: reports to the authorities, checked by the SHA-256 in print or of the file."""

from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents

issued_documents.declare("incident-report", name=_("report of an incident to the authority"))
