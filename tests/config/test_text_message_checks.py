"""What `check --deploy` says of the provider of text messages (config.E029), and of whom else the portal asks."""

import pytest
from django.test import override_settings

from config.transport_checks import identity_provider_is_complete, links_are_encrypted, text_messages_can_be_sent


def said(url: str, number: str, process: str = "worker") -> str:
    with override_settings(PORTAL_PROCESS=process, TEXT_MESSAGES_URL=url, TEXT_MESSAGES_FROM=number):
        return " ".join(f"{one.id}: {one.msg}" for one in text_messages_can_be_sent())


@pytest.mark.asvs("12.3.1")
@pytest.mark.parametrize(
    ("url", "number", "wrong"),
    [
        ("http://:token@sms.example/v1", "02-6928-6774", "neither an address of HTTPS"),
        ("ftp://:token@sms.example/v1", "02-6928-6774", "neither an address of HTTPS"),
        ("https://sms.example/v1", "02-6928-6774", "no secret"),
        ("https://:token@sms.example/v1", "", "no number"),
        ("", "02-6928-6774", "neither an address of HTTPS"),
    ],
)
def test_text_messages_leave_by_tls_with_a_secret_and_a_number(url: str, number: str, wrong: str) -> None:
    assert wrong in said(url, number)
    assert said(url, number, process="pages") == ""


@pytest.mark.parametrize(
    "url", ["https://:token@sms.example/v1", "solapi://key:secret@api.solapi.com", "http://:token@127.0.0.1:8026"]
)
def test_one_that_is_set_whole_or_not_at_all_passes(url: str) -> None:
    assert said(url, "0269286774") == said("", "") == ""


@pytest.mark.asvs("12.3.1")
@pytest.mark.parametrize(
    ("setting", "plain", "safe"),
    [
        ("CLAMD_HOST", "192.0.2.1:3310", "127.0.0.1:3310"),
        ("CLAMD_HOST", "scanner.example", "localhost"),
        ("PACKAGE_INDEX_URL", "http://packages.example/simple", "https://packages.example/simple"),
        ("OIDC_ISSUER", "http://login.example", "https://login.example"),
    ],
)
def test_nobody_else_on_another_host_is_asked_in_clear(setting: str, plain: str, safe: str) -> None:
    """clamd knows no TLS: what people send would go over the network as it is."""
    known = {"CLAMD_SOCKET": "", "OIDC_CLIENT_ID": "portal", "OIDC_CLIENT_SECRET": "secret"}
    for value, refused in ((plain, True), (safe, False)):
        with override_settings(**known, **{setting: value}):
            assert bool([*links_are_encrypted(), *identity_provider_is_complete()]) is refused, value
