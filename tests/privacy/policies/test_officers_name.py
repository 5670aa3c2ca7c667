"""English pages, mails and papers print the officer's name in Latin letters; Korean ones as it is designated."""

import pytest
from django.test import Client
from django.utils.translation import override

from privacy.incidents import notice_texts
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import Officer
from privacy.rights import actions as rights
from privacy.rights.models import Letter
from tests import factory
from tests.base import PortalTestCase

KO, EN = "정경수", "Jeong Gyeongsu"


@pytest.mark.clause("P2.1")
class NameTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()

    def written(self) -> None:
        officer = Officer.objects.get()
        reached = {name: getattr(officer, name) for name in ("department_ko", "department_en", "phone", "email")}
        policies.correct_officer(officer, name_en=EN, **reached, actor=self.odile, at=clock.now())

    def test_pages_print_the_name_of_their_language(self) -> None:
        self.written()
        for address in ("/", "/rights/", "/officer/"):
            for language, name, other in (("ko", KO, EN), ("en", EN, KO)):
                prefix = "/en" if language == "en" else ""
                page = Client().get(f"{prefix}{address}", secure=True, follow=True)
                text = page.content.decode()
                if name in text or other in text:
                    assert name in text, (address, language)
                    assert other not in text, (address, language)
        assert EN in Client().get("/en/officer/", secure=True, follow=True).content.decode()

    def test_letters_and_notices_do_too(self) -> None:
        self.written()
        factory.make_device(1)
        case = factory.make_verified(factory.ask(target=factory.imei(1)), at=clock.now())
        rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=clock.now())
        told = Letter.objects.get(kind="result").told
        assert any(EN in str(value) for _name, value in told["en"]["fields"])
        assert not any(EN in str(value) for _name, value in told["ko"]["fields"])
        for language, name in (("ko", KO), ("en", EN)):
            with override(language):
                assert name in notice_texts.contact_line(clock.today())

    def test_where_no_other_name_is_known_the_one_there_is_stands(self) -> None:
        with override("en"):
            assert Officer.objects.get().name_shown == KO

    def test_the_form_asks_for_it(self) -> None:
        officer = Officer.objects.get()
        self.client.force_login(self.odile)
        address = f"/office/policies/officer/{officer.pk}/change/"
        form = self.client.get(address).context["adminform"].form
        assert form.fields["name_en"].required
