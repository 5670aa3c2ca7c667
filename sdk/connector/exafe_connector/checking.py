"""What an owner asks before the portal does: does the mapping find what is there?"""

from collections.abc import Iterator, Mapping

from exafe_connector.adapters.adapter import Adapter, Person


def canary_findings(adapter: Adapter, canary: Person) -> Iterator[str]:
    """Yield for each item the searches that don't find the canary. Raises what the system raises."""
    items = sorted(adapter.items)
    located, read = adapter.locate(canary, items), adapter.read_back(canary, items)
    searches = {"the first search": located, "the read-back": read}
    for item in items:
        blind = [name for name, found in searches.items() if not found.get(item)]
        if blind:
            yield f"{item}: the canary is not found by {' and '.join(blind)}."


def person_counts(adapter: Adapter, person: Person) -> Mapping[str, tuple[int, int]]:
    """Return for each item how many records both searches find of a person. Raises what the system raises."""
    items = sorted(adapter.items)
    located, read = adapter.locate(person, items), adapter.read_back(person, items)
    return {item: (located.get(item, 0), len(read.get(item, ()))) for item in items}
