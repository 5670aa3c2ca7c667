"""A field that is asked for only sometimes says when, and what is asked for then says so beside its name."""

import html

from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.rights.forms import NEEDED_FOR, RequestForm
from tests import factory
from tests.base import PortalTestCase

BASE = {
    "rights": ["access"],
    "target_kind": "imei",
    "target": factory.imei(1),
    "requester": "self",
    "answer_by": "portal",
}


class NeededTests(PortalTestCase):
    def missing(self, **changes: object) -> set[str]:
        """Which fields are asked for, beyond those that always are."""
        return set(RequestForm({**BASE, **changes}, on=clock.today()).errors)

    def test_whatever_is_asked_for_says_when(self) -> None:
        reports = RequestForm(on=clock.today()).fields["item"].choices[-1][1]  # type: ignore[attr-defined]
        asked = self.missing(rights=["correction"]) | self.missing(
            rights=["correction"], item="device-registration/imei"
        )
        asked |= self.missing(rights=["correction"], item=reports[0][0], wanted="x")
        asked |= self.missing(rights=["decision-review"])
        asked |= (
            self.missing(requester="legal-representative")
            | self.missing(requester="agent")
            | self.missing(answer_by="email")
            | self.missing(answer_by="letter")
        )
        assert asked == set(NEEDED_FOR)
        assert not self.missing()

    def test_the_page_says_it_and_calls_none_of_them_optional(self) -> None:
        for path, language in (("/rights/request/", "ko"), ("/en/rights/request/", "en")):
            page = html.unescape(self.client.get(path, secure=True, follow=True).content.decode())
            with override(language):
                for name, condition in NEEDED_FOR.items():
                    label = page.partition(f'for="id_{name}"')[2].partition("</label>")[0]
                    assert f"({condition})" in label, (name, label)
