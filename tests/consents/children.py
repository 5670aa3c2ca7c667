"""A child whose device agreed alone, and who names a representative."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.urls import reverse

from config.demonstration.text_provider import Taken, TextProvider
from consents import actions as consents
from consents.models import (
    Decision,
    RepresentativeRequest,
)
from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.consents import TESTS

CODE = re.compile(r"[0-9A-Z]{1,4}(?:[- ][0-9A-Z]{1,4}){5,}")
MOTHER = {"name": "김하나", "contact": "010-1234-5678"}


class ChildTestCase(PortalTestCase):
    @pytest.fixture(autouse=True)
    def provider(self) -> Iterator[None]:
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
            self.box = box
            yield

    def setUp(self) -> None:
        self.now = clock.now()
        self.device = factory.make_device(at=self.now)
        self.person = Subject.objects.get(pk=self.device.subject_id)
        self.code = factory.consent_code(Decision.objects.get(agreement__code="activation"), at=self.now)

    def child(self, years: int = 12) -> RepresentativeRequest:
        factory.state_age(self.device, years=years, at=self.now)
        return RepresentativeRequest.objects.get()

    def named(self, channel: str = "phone", **other: str) -> RepresentativeRequest:
        given: dict[str, Any] = {**MOTHER, "channel": channel, "language": "ko", **other}
        return consents.name_representative(self.child(), **given, actor=TESTS, at=self.now)

    def texts(self) -> list[Taken]:
        before = len(self.box.taken)
        for _time in range(2):
            dispatch_due(at=clock.now())
        return self.box.taken[before:]

    def pressed(self, page: str, **given: str) -> Any:
        return self.client.post(reverse(f"consents:{page}"), given, follow=True)
