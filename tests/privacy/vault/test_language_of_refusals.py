"""What the vault refuses while a document is made is told in the reader's language, not in the document's (17.3)."""

import pytest
from django.utils.translation import override

from privacy.ledger.authorization import NotPermitted
from privacy.lib.errors.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON


@pytest.mark.truth("language-of-refusals")
class LanguageTests(PortalTestCase):
    def test_a_copy_in_english_that_is_refused_says_so_in_korean_to_a_korean(self) -> None:
        factory.make_device(1)
        case = factory.ask(RequestedRight("access"), target=factory.imei(1), language="en").request
        hana, nari = factory.make_handler(), factory.make_user("nari@extrus.example", "Nari", "handler")
        factory.verify_by_documents(case, actor=hana)
        right = rights.grant(case.rights.get(), actor=factory.make_omar(), at=NOON)
        with override("ko"), pytest.raises(Refusal) as refused:
            rights.carry_out(right, actor=nari, at=NOON)
        assert isinstance(refused.value, NotPermitted)
        with override("ko"):
            assert "개인정보 보호책임자" in str(refused.value)

    def test_each_refusal_of_the_vault_is_told_in_the_language_in_which_it_is_read(self) -> None:
        device, aram = factory.make_device(1), factory.make_aram()
        door = vault.opened(purpose=Purpose.REGISTRATION, task="devices.device.shown", actor=aram, at=NOON, reason="x")
        with override("en"), pytest.raises(NotPermitted) as refused, door as session:
            session.decrypt(device, "imei")
        for made in (refused.value, vault.Frozen([]), vault.Quarantined("x"), vault.Destroyed()):
            with override("ko"):
                korean = str(made)
            with override("en"):
                assert korean != str(made)
