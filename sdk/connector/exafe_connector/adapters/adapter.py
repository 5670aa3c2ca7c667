"""The small interface between the protocol and a system."""

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

# The identifiers by which this system finds people; None: the portal has none of this name.
type Person = Mapping[str, str | None]
# How many records hold something of an item.
type Counts = dict[str, int]
# The values that another search finds, by item, one for each record.
type Values = Mapping[str, list[str]]


class Unsupported(Exception):
    """The system can't do that: a problem of status 422 whose ``pointer`` names what of the call it is."""

    def __init__(self, said: str, pointer: str) -> None:
        super().__init__(said)
        self.pointer = pointer


class Adapter(Protocol):
    """A system that holds copies. Each method may be repeated after a kill, and raises whatever went wrong.

    ``items``: what it holds. ``correctable``: what of that it can correct, and so shows the values of when it is read
    back. ``can_freeze``: whether a freeze is obeyed in the system, by a mark or because it asks the freeze list.
    """

    items: frozenset[str]
    correctable: frozenset[str]
    can_freeze: bool

    def locate(self, person: Person, items: Collection[str]) -> Counts:
        """Count the records that hold these items. Raises Unsupported, too, for a person it has no way to look for."""
        ...

    def freeze(self, person: Person, items: Collection[str], *, frozen: bool) -> None:
        """Mark the items as frozen, or no longer; where the system asks the freeze list there is nothing to do."""
        ...

    def correct(self, person: Person, values: Mapping[str, str]) -> None:
        """Write the right values into every record that holds the item."""
        ...

    def destroy(self, person: Person, items: Collection[str]) -> None:
        """Destroy the items beyond use."""
        ...

    def read_back(self, person: Person, items: Collection[str]) -> Values:
        """Search again, by a connection and a search apart from those above; what can't be read is an error."""
        ...


@runtime_checkable
class SharesMarks(Protocol):
    """An adapter of whose marks one may stand for several items, as that of a row does."""

    def unmark(self, person: Person, items: Collection[str], *, still: Collection[str]) -> None:
        """Mark the items as no longer frozen, but for what also marks an item that is ``still`` frozen."""
        ...


def given_identifiers(person: Person, known: Collection[str]) -> dict[str, str]:
    """Return the identifiers by which something is searched. Raises Unsupported where the call names none of them."""
    if not any(name in person for name in known):
        names = ", ".join(sorted(known))
        raise Unsupported(f"People are found by {names} here; the call names none of these.", "/person")
    return {name: value for name in known if (value := person.get(name)) is not None}
