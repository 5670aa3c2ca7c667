"""The routes that are open without sign-in are exactly these."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {
    # health
    "livez",
    "readyz",
    # sign-in
    "account_login",
    "company_login",
    "company_callback",
    "mfa_authenticate",
    "accept-invitation",
    "representative",
    "sign-out",
    "admin:login",
    # the audit trail's hashes
    "log-checkpoint",
    "log-keys",
    "log-tile",
    "log-witness-policy",
    # data subjects
    "api-reference",
    "guides",
    "guide",
    "policies:home",
    "policies:policy",
    "policies:version",
    "policies:published",
    "policies:difference",
    "policies:officer",
    "policies:notices",
    "rights:guide",
    "rights:request",
    "rights:power-of-attorney",
    "rights:case",
    # behind number and code of a case
    "rights:leave",
    "rights:confirm-device",
    "rights:stop-destruction",
    "rights:withdraw",
    "rights:document",
    "rights:message",
    "rights:object",
    "rights:download",
    "rights:confirm-download",
    "rights:letter",
    "rights:openings",
    "rights:opening-proofs",
    "rights:opening-proof",
    "incidents:complaint",
    "incidents:status",
    "incidents:leave",
    "disclosures:acknowledge",
    "disclosures:prove",
    # signed with the recipient's webhook key
    "disclosures:answer-call",
    "retention:verify",
    "retention:answers",
    "log-program",
    "paper-keys",
    # behind a secret address
    "safeguards:calendar",
    "consents:home",
    "consents:begin",
    "consents:verify",
    "consents:waiting",
    "consents:age",
    "consents:name_representative",
    "consents:children",
    "consents:representative",
    "consents:leave_representative",
    "consents:representative_texts",
    "consents:agreement",
    "consents:receipt",
    "consents:code",
    "consents:contact",
    "consents:contacts",
    "consents:destruction",
    "consents:leave",
}


def routes(patterns: list, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry.url_patterns, inner, path)
        else:
            yield f"{namespace}{entry.name}", path, entry


@pytest.mark.asvs("8.2.1", "13.4.5")
def test_open_routes_are_the_approved_ones() -> None:
    unprotected = set()
    for name, path, entry in routes(get_resolver().url_patterns):
        if path.startswith(("api/v1/", "api/office/v1/", "scim/v2/")):
            continue  # tokens; its own test walks them
        if not getattr(entry.callback, "login_required", True):
            unprotected.add(name)
    assert unprotected == OPEN
