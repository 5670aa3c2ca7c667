"""What leaves this host goes by TLS that knows its server: databases, mail, text messages, sign-ins and others."""

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.databases import NOTARY_ROLE, current_role
from privacy.lib.integrations import clamd
from privacy.rights import reply_addresses
from privacy.rights.inbox import configured_inbox

MAILBOX = "config.E030"
TEXT_HINT = "TEXT_MESSAGES_URL=https://:TOKEN@sms.example/v1 or solapi://KEY:SECRET@api.solapi.com"
# Room for the reference and its signature within the 64 signs of a local part (RFC 5321).
OFFICE_ADDRESS = re.compile(r"[^\s@+]{1,30}@[A-Za-z0-9.-]+")
# A socket of this host, or this host by its address: nothing leaves it.
HERE = ("", "localhost", "127.0.0.1", "::1")


def _is_here(host: str) -> bool:
    return host in HERE or host.startswith("/")


@register("portal", deploy=True)
def links_are_encrypted(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E028: a database on another host is asked over TLS that checks its name; mail leaves over TLS.

    What people send reaches no scanner on another host, and what is known of packages comes over TLS.
    """
    for alias, database in settings.DATABASES.items():
        checked = database.get("OPTIONS", {}).get("sslmode") == "verify-full"
        if not checked and not _is_here(str(database.get("HOST", ""))):
            yield Error(
                f"The database {alias} is asked without TLS that checks its server.",
                hint="…?sslmode=verify-full&sslrootcert=/etc/portal/databases.crt in its address",
                id="config.E028",
            )
    sends = settings.PORTAL_PROCESS == "worker" or current_role() == NOTARY_ROLE
    mail = settings.MAILERS["default"].get("OPTIONS", {})
    if sends and settings.EMAIL_URL and not (mail["use_tls"] or mail["use_ssl"] or _is_here(mail["host"])):
        yield Error(
            "Mail leaves without TLS.",
            hint="EMAIL_URL=smtp+tls://user:password@mail.example:587",
            id="config.E028",
        )
    scanner = clamd.configured_scanner(path=settings.CLAMD_SOCKET, host=settings.CLAMD_HOST)
    if scanner is not None and not _is_here(scanner.host):
        yield Error(
            "The malware scanner is on another host, and clamd knows no TLS: papers of people would go there in clear.",
            hint="CLAMD_SOCKET=/run/clamav/clamd.ctl, or the end on this host of a tunnel: CLAMD_HOST=127.0.0.1:3310",
            id="config.E028",
        )
    index = urlsplit(settings.PACKAGE_INDEX_URL)
    if settings.PACKAGE_INDEX_URL and index.scheme != "https" and not _is_here(index.hostname or ""):
        yield Error(
            "The package index is asked without TLS: whoever is between hides what is known.",
            hint="PACKAGE_INDEX_URL=https://packages.example/simple",
            id="config.E028",
        )


@register("portal", deploy=True)
def text_messages_can_be_sent(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E029: the provider of text messages is asked over TLS with a secret, and a sender's number is set."""
    url = urlsplit(settings.TEXT_MESSAGES_URL)
    if settings.PORTAL_PROCESS != "worker" or not (settings.TEXT_MESSAGES_URL or settings.TEXT_MESSAGES_FROM):
        return
    if url.scheme not in {"https", "solapi"} and not (url.scheme == "http" and _is_here(url.hostname or "")):
        yield Error(
            "TEXT_MESSAGES_URL is neither an address of HTTPS nor one of Solapi.",
            hint=TEXT_HINT,
            id="config.E029",
        )
    if not url.hostname or not url.password:
        yield Error(
            "TEXT_MESSAGES_URL names no host or no secret.",
            hint=TEXT_HINT,
            id="config.E029",
        )
    if not settings.TEXT_MESSAGES_FROM.replace("-", "").isdecimal():
        yield Error(
            "Text messages have no number that they come from.",
            hint="TEXT_MESSAGES_FROM=02-6928-6774, as it is registered with the provider",
            id="config.E029",
        )


@register("portal")
def office_networks_are_networks(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E037: each word of ``OFFICE_NETWORKS`` and ``OUTBOUND_NETWORKS`` is a network, or nobody gets through."""
    named = {"OFFICE_NETWORKS": settings.OFFICE_NETWORKS, "OUTBOUND_NETWORKS": settings.OUTBOUND_NETWORKS}
    for name, words in named.items():
        for word in words:
            try:
                ip_network(word, strict=False)
            except ValueError:
                yield Error(
                    f"{name} has a word that is no network: {word}",
                    hint="Write networks as 10.20.0.0/16, and one address as 203.0.113.7/32.",
                    id="config.E037",
                )


@register("portal", deploy=True)
def mailbox_is_whole(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E030: the office's mailbox is set up whole, asked over TLS, and its address can carry a case."""
    if settings.PORTAL_PROCESS != "worker":
        return
    hint = "INBOX_URL=imaps://user:password@mail.example/INBOX"
    if not settings.INBOX_URL:
        if settings.INBOX_ADDRESS or settings.INBOX_MOVE_TO:
            yield Error("INBOX_URL is not set, but what belongs to it is: no mailbox is read.", hint=hint, id=MAILBOX)
        return
    try:
        inbox = configured_inbox()
    except ValueError:
        yield Error("INBOX_URL is no address of a mailbox with user and password.", hint=hint, id=MAILBOX)
        return
    if inbox is not None and not inbox.encrypted and not _is_here(inbox.host):
        yield Error("The mailbox is asked without TLS.", hint=hint, id=MAILBOX)
    if not OFFICE_ADDRESS.fullmatch(reply_addresses.office_address()):
        yield Error(
            "The office's address can't be replied to with the reference of a request.",
            hint="INBOX_ADDRESS=privacy@extrus.example",
            id=MAILBOX,
        )


@register("portal", deploy=True)
def identity_provider_is_complete(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E012: the company's identity provider, where there is one, is asked over TLS and knows us."""
    if settings.OIDC_ISSUER and not settings.OIDC_ISSUER.startswith("https://"):
        yield Error(
            "OIDC_ISSUER is not an https address.",
            hint="OIDC_ISSUER=https://login.example, as the provider names itself: to the letter, a slash at its end "
            "included.",
            id="config.E012",
        )
    if settings.OIDC_ISSUER and not (settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET):
        yield Error(
            "OIDC_ISSUER is set, but not who we are to it.",
            hint="OIDC_CLIENT_ID and OIDC_CLIENT_SECRET",
            id="config.E012",
        )
