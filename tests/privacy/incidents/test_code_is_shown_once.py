"""The code of a complaint is on the page that confirms it and nowhere else: nobody can show it again."""

import re

import pytest
from django.urls import reverse

from privacy.incidents.models import Complaint, ComplaintText
from tests.base import PortalTestCase


@pytest.mark.truth("claims")
class ShownOnceTest(PortalTestCase):
    def test_the_code_is_shown_and_only_its_digest_is_kept(self) -> None:
        page = self.client.post(reverse("incidents:complaint"), {"explanation": "zebra"}).content.decode()
        shown = re.search(r'<[^>]*id="[a-z]*-?code"[^>]*>([^<]+)<', page)
        assert shown is not None
        code = shown[1].strip()
        assert len(code.replace("-", "")) > 20
        kept = str(Complaint.objects.values()) + str(ComplaintText.objects.values())
        assert code not in kept and code.replace("-", "") not in kept
        self.client.post(reverse("incidents:status"), {"reference": Complaint.objects.get().reference, "code": code})
        assert code not in self.client.get(reverse("incidents:status")).content.decode()
