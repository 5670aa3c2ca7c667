"""The list of accounts: as many questions for many as for few, one role to lose, who has not signed in for long."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.models import User
from tests.base import PortalTestCase
from tests.factory import NOON, make_emin, make_hana, make_odile, make_user


class AccountListTest(PortalTestCase):
    @pytest.mark.truth("a-query-for-each-account")
    def test_many_accounts_are_listed_with_as_many_queries_as_few(self) -> None:
        self.client.force_login(make_odile())
        address = reverse("admin:accounts_user_changelist")

        def asked() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert self.client.get(address).status_code == 200
            return len(queries)

        make_hana()
        few = asked()
        for number in range(5):
            make_user(f"nina{number}@extrus.example", "Nina", "handler")
        assert asked() <= few

    @pytest.mark.truth("one-people")
    def test_who_has_one_grant_has_one_role_or_grant_to_lose(self) -> None:
        emin = make_emin()
        self.client.force_login(make_odile())
        pressed = {"CHANGE_FORM-action": "leave", "_selected_action": str(emin.pk), "index": "0"}
        with override("en"):
            address = reverse("admin:accounts_user_change", args=[emin.pk])
            page = self.client.post(address, pressed).content.decode()
        assert emin.grants.living(on=NOON.date()).count() == 1
        assert "1 role or grant, open requests" in page

    def test_who_has_not_signed_in_for_long_is_found_and_marked(self) -> None:
        hana = make_hana()
        User.objects.filter(pk=hana.pk).update(last_login=NOON - timedelta(days=2_000))
        self.client.force_login(make_odile())
        page = self.client.get(reverse("admin:accounts_user_changelist"), {"dormant": "yes"})
        assert [user.pk for user in page.context["cl"].result_list] == [hana.pk]
        assert "장기 미사용" in page.content.decode()
        assert "장기 미사용" in self.client.get(reverse("admin:accounts_user_change", args=[hana.pk])).content.decode()
