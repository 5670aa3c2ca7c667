"""Outside the door a sealed field is a constant mask: in text, lists, templates, dumps; and it can't be misused."""

import copy
import json
import pickle

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.template import Context, Template

from privacy.vault.fields import MASK, EncryptedValue
from privacy.vault.models import EncryptedFile
from tests.base import PortalTestCase
from tests.factory import make_sealed_file


class MaskTest(PortalTestCase):
    @pytest.mark.asvs("11.7.2", "14.2.6")
    @pytest.mark.clause("P8.4")
    def test_every_way_to_print_it_gives_the_mask(self) -> None:
        name = EncryptedFile.objects.get(id=make_sealed_file(name="secret.pdf").id).name
        for text in (str(name), repr(name), f"{name}", f"{name!r}", f"{name:s}", "%s" % name, "{}".format(name)):  # noqa: UP031, UP032
            assert text == MASK
        assert f"{name:>8}" == MASK.rjust(8)
        assert Template("{{ name }}").render(Context({"name": name})) == MASK

    def test_the_mask_says_nothing_of_the_length(self) -> None:
        assert str(make_sealed_file(name="a").name) == str(make_sealed_file(name="a" * 200).name) == MASK

    def test_a_dump_holds_the_mask(self) -> None:
        file = make_sealed_file(name="secret.pdf", content=b"plain evidence")
        text = serializers.serialize("json", [file])
        assert "secret" not in text
        assert "evidence" not in text
        assert json.loads(text)[0]["fields"]["name"] == MASK

    @pytest.mark.asvs("11.2.5")
    def test_damage_never_breaks_a_list(self) -> None:
        file = make_sealed_file()
        EncryptedFile.objects.filter(id=file.id).update(name=EncryptedValue(b"garbage"))
        assert str(EncryptedFile.objects.get(id=file.id).name) == MASK

    def test_plaintext_can_not_be_assigned_and_saved(self) -> None:
        file = make_sealed_file()
        for plain in ("plain", b"plain", 7):
            file.name = plain
            with self.assertRaises(TypeError):
                file.save()
            with self.assertRaises(TypeError):
                EncryptedFile.objects.filter(id=file.id).update(name=plain)

    def test_a_sealed_field_is_not_searched(self) -> None:
        for lookup in ("name", "name__exact", "name__contains", "name__in"):
            with self.assertRaises(FieldError):
                EncryptedFile.objects.filter(**{lookup: "x"})
        assert not EncryptedFile.objects.filter(name__isnull=True).exists()

    def test_boxes_compare_by_their_ciphertext(self) -> None:
        box = make_sealed_file().name
        assert box == EncryptedValue(box.ciphertext)
        assert hash(box) == hash(EncryptedValue(box.ciphertext))
        assert box != EncryptedValue(b"other")
        assert box != MASK
        assert copy.deepcopy(box) == box
        with self.assertRaises(TypeError):
            EncryptedValue("text")  # type: ignore[arg-type]
        assert pickle.loads(pickle.dumps(box)) == box
