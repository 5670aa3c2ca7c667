"""What went out stays readable: passphrases, keys and links do not change with SECRET_KEY."""

import re
import uuid

import pytest

from privacy.disclosures import notice_texts
from privacy.disclosures.acknowledgement_tokens import token_of
from privacy.disclosures.encrypted_file import passphrase_of
from privacy.rights import reply_addresses
from privacy.vault import blind_indexes, key_providers
from privacy.vault.derived_secrets import derive_secret
from privacy.vault.keyservice.custodian import DERIVED_FOR
from tests import factory
from tests.base import PortalTestCase
from tests.database import ROOT


@pytest.mark.attack("17.13")
class DerivedSecretTests(PortalTestCase):
    def secrets(self) -> list[str]:
        notice = uuid.UUID(int=7)
        return [passphrase_of(self.disclosure), notice_texts.webhook_key(self.party), token_of(notice)]

    def test_they_survive_a_new_secret_key(self) -> None:
        self.party = factory.make_third_party()
        self.disclosure = factory.make_disclosure(factory.make_device(1))
        before = self.secrets()
        with self.settings(SECRET_KEY="another key of fifty letters and more, and then some more"):
            assert self.secrets() == before
        assert len(set(before)) == 3

    def test_purpose_and_thing_tell_them_apart_and_no_index_has_one(self) -> None:
        purposes = ("disclosures.notice", "disclosures.file")
        made = {derive_secret(purpose, about) for purpose in purposes for about in (b"1", b"2")}
        assert len(made) == 4
        assert {len(each) for each in made} == {32}
        assert blind_indexes.digest(key_providers.index_key(), "text", "a\0001") not in made


def test_the_key_service_knows_every_purpose_that_the_code_names_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "privacy").rglob("*.py")]
    named = {purpose for source in sources for purpose in re.findall(r'derive_secret\(\s*"([^"]+)"', source)}
    named.add(reply_addresses.PURPOSE)
    assert named == DERIVED_FOR
