"""Invisible control characters are refused at every form and stripped at every writer (SEC-37)."""

from collections.abc import Iterator

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.urls import get_resolver, reverse

from privacy.incidents.models import Complaint
from tests.base import PortalTestCase

BAD = ("\x0b", "\x00", "\x1b", "\x7f", "\u202e", "\u2066", "\uffff")


def every_form() -> Iterator[type[forms.BaseForm]]:
    """Every form class that there is once every page's module is loaded."""
    assert get_resolver().url_patterns
    waiting = list(forms.BaseForm.__subclasses__())
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        yield form


@pytest.mark.asvs("1.3.3", "2.2.1")
@pytest.mark.attack("17.20")
def test_every_text_field_of_every_form_refuses_them_and_has_an_end() -> None:
    looked = 0
    for form in every_form():
        for name, field in form.base_fields.items() if hasattr(form, "base_fields") else ():
            if isinstance(field, forms.CharField):
                looked += 1
                for bad in BAD:
                    with pytest.raises(ValidationError):
                        field.run_validators(f"a{bad}b")
                        pytest.fail(f"{form.__qualname__}.{name} takes {bad!r}")
                with pytest.raises(ValidationError):
                    field.run_validators("a" * 1_000_001)
                    pytest.fail(f"{form.__qualname__}.{name} has no end")
    assert looked > 100


def test_what_people_write_is_taken() -> None:
    text = "첫 줄\r\n\t둘째 줄 — “따옴표”, emoji 👩\u200d💻, \u00ad"
    assert forms.CharField().clean(text) == text


@pytest.mark.attack("17.20")
class PublicFormTests(PortalTestCase):
    @pytest.mark.asvs("2.2.2")
    def test_a_vertical_tab_in_a_name_is_told_and_nothing_is_kept(self) -> None:
        answer = self.client.post(
            reverse("incidents:complaint"), {"explanation": "help", "name": "Mina\x0bKim", "email": "a@example.org"}
        )
        assert answer.status_code == 422
        assert "보이지 않는 제어 문자" in answer.content.decode()
        assert not Complaint.objects.exists()
