"""What must be true of the items of devices before the portal starts: nothing that an item needs was forgotten.

devices.E001  an item has no name for people in Korean or English
devices.E002  nobody holds a declared item: it would be neither shown, corrected, kept for its time nor destroyed
devices.E003  the API or the fleet list takes what is not declared, or does not take what is
devices.E004  a kind of reports has no structure, no name or no item
devices.E005  an example can't be right: too long, or refused by the item's own normaliser
devices.E006  an item is found by its whole value and the policy says of no identifier, or the other way round
devices.W001  an item's label has no Korean in the compiled catalogue
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.translation import override

from devices import fleet_import_files, items, report_schema
from devices.items import RegistrationItem
from devices.models import Kind
from privacy.policies.items import ItemDeclaration
from privacy.subjects import holdings
from privacy.vault.refusals import InvalidIdentifier

HANGUL = re.compile(r"[가-힣]")
NOT_ITEMS = {"licence"}


@register("portal")
def nothing_of_an_item_is_forgotten(**kwargs: Any) -> Iterable[CheckMessage]:
    """devices.E001 … devices.E006."""
    every = (*items.REGISTRATION, items.LICENCE_KEY, *items.REPORTS)
    for item in every:
        yield from errors_of_names(item)
        yield from errors_of_holding(item)
    for item in items.REGISTRATION:
        yield from errors_of_example(item)
        yield from errors_of_identifier(item)
    yield from errors_of_doors()
    yield from errors_of_kinds()


def errors_of_names(item: ItemDeclaration) -> Iterator[CheckMessage]:
    """Yield what is missing of an item's names: those of the policy, and the label of the console."""
    if not HANGUL.search(item.name_ko):
        yield Error(f"{item.code}: name_ko is not Korean.", hint="Write its name in the policy.", id="devices.E001")
    if not item.name_en.strip() or HANGUL.search(item.name_en):
        yield Error(f"{item.code}: name_en is not English.", hint="Write its name in the policy.", id="devices.E001")
    if isinstance(item, RegistrationItem):
        for language in ("en", "ko"):
            with override(language):
                label = str(item.label).strip()
            if not label:
                yield Error(f"{item.code} has no label in {language}.", hint="Give it one.", id="devices.E001")
            # An abbreviation is the same in both languages; whatever has a small letter is a word. No error: commands
            # also run where the catalogue is not compiled yet.
            elif language == "ko" and re.search("[a-z]", label) and not HANGUL.search(label):
                hint = "Translate it in the catalogue, and compile that (tools/catalogue.py)."
                yield Warning(f"{item.code} has no label in Korean.", hint=hint, id="devices.W001")


def errors_of_holding(item: ItemDeclaration) -> Iterator[CheckMessage]:
    """Yield an error where no holding of the item's category keeps it."""
    if not any(item.code in holding.items for holding in holdings.for_category(item.category)):
        hint = "Is its category one of privacy/policies/categories.py, and does holdings.py hold it there?"
        yield Error(f"Nobody holds {item.code} of {item.category}.", hint=hint, id="devices.E002")


def errors_of_example(item: RegistrationItem) -> Iterator[CheckMessage]:
    """Yield what is wrong with an item's example."""
    if not 1 <= len(item.example) <= item.max_length:
        yield Error(f"The example of {item.code} is longer than it may be, or empty.", id="devices.E005")
    try:
        if item.normalise:
            item.normalise(item.example)
    except InvalidIdentifier as refusal:
        yield Error(f"The example of {item.code} is refused: {refusal}", id="devices.E005")


def errors_of_identifier(item: RegistrationItem) -> Iterator[CheckMessage]:
    """Yield an error where an item is searched for and not called an identifier, or called so and not searched for."""
    if item.normalise and not item.identifier:
        hint = "identifier=True: the policy says that it identifies a device."
        yield Error(f"{item.code} has normalise and is no identifier.", hint=hint, id="devices.E006")
    if item.identifier and not item.normalise:
        hint = "normalise=…, a function of privacy/vault/blind_indexes.py: an identifier is found by its whole value."
        yield Error(f"{item.code} is an identifier without normalise.", hint=hint, id="devices.E006")


def errors_of_doors() -> Iterator[CheckMessage]:
    """Yield the items that the API or the fleet list does not take, and what they take that is no item."""
    # They load the framework of the API, which most commands never need.
    from devices import schemas

    declared, listed = set(items.CODES), set(items.IMPORT_COLUMNS)
    for shape in (schemas.Registration, schemas.Changes):
        for code in sorted(declared ^ (set(shape.model_fields) - NOT_ITEMS)):
            yield Error(f"{code} is not the same in devices/items.py and in {shape.__name__}.", id="devices.E003")
    for code in sorted(listed - set(fleet_import_files.COLUMNS)):
        yield Error(f"The fleet list has no column {code}.", id="devices.E003")


def errors_of_kinds() -> Iterator[CheckMessage]:
    """Yield the kinds of reports that are not the same in the items, the structures and the names."""
    declared = {item.kind for item in items.REPORTS}
    for kind in sorted((declared ^ set(report_schema.REPORTS)) | (declared ^ set(Kind.values))):
        yield Error(
            f"The kind {kind} is not the same in devices/items.py, report_schema.py and models/reports.py.",
            hint="A kind is an item of REPORTS, a tagged structure of AnyReport and a name of Kind.",
            id="devices.E004",
        )
