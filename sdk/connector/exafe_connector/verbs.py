"""What a system does for each verb, in steps that a kill may end anywhere: the same call again goes on from there.

Nothing is called destroyed or corrected because it was done, only because another search found it so afterwards.
"""

import contextlib
import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from exafe_connector.adapters.adapter import Adapter, Counts, Person, SharesMarks, Unsupported
from exafe_connector.calls import Call
from exafe_connector.store import Freeze, Store, without_nothing
from exafe_connector.wire import commitment

KST = timezone(timedelta(hours=9))
STRIPES = 256
# What a freeze keeps the data for, as an answer calls it.
REASON_OF_WHY = {"hold": "hold", "correction": "dispute", "suspension": "dispute"}
type Result = dict[str, Any]


class Blind(Exception):
    """The canary isn't found, so nobody would be: a mapping, an address or a right is wrong."""


class NotDone(Exception):
    """The read-back found otherwise than what was done: the portal asks again."""


@dataclass(frozen=True)
class System:
    """An adapter with its store.

    ``backups_days``: for how many days backups still hold what was destroyed. ``canary``: a made-up person who is
    always there with every item; "nothing" is believed only while both searches find them, so a wrong mapping is no
    answer.
    """

    adapter: Adapter
    store: Store
    backups_days: int | None = None
    canary: Person | None = None

    def frozen_items(self, person: Person) -> frozenset[str]:
        """Return the items of a person that this system must not use now: what its exports and mailings ask."""
        return frozenset(self.store.freezes(person))

    def carry_out(self, call: Call, *, at: datetime) -> Result:
        """Return the answer to a call. Raises Unsupported, NotDone, FreezeEnded, and what the system raises."""
        work: Callable[[Call, datetime], Result] = {
            "locate": self._locate,
            "freeze": self._freeze,
            "release": self._release,
            "correct": self._correct,
            "destroy": self._destroy,
            "read-back": self._read_back,
            "acknowledge": self._acknowledge,
        }[call.verb]
        return work(call, at)

    @contextlib.contextmanager
    def alone_with(self, person: Person) -> Iterator[None]:
        """Hold off other calls about the same person, of other threads and processes too."""
        folder = self.store.path.with_name(f"{self.store.path.name}.locks")
        folder.mkdir(mode=0o700, exist_ok=True)
        stripes = {int(one[:2], 16) % STRIPES for one in self.store.hidden_people(person)}
        with contextlib.ExitStack() as held:
            for stripe in sorted(stripes):
                fcntl.flock(held.enter_context((folder / f"{stripe:02x}").open("w")), fcntl.LOCK_EX)
            yield

    def _locate(self, call: Call, at: datetime) -> Result:
        counts = without_nothing(self.adapter.locate(call.person, call.items))
        if not counts:
            self._assert_sees(call.items)
        return {"found": bool(counts), "counts": counts}

    def _freeze(self, call: Call, at: datetime) -> Result:
        if not self.adapter.can_freeze:
            raise Unsupported("This system has no way to keep from using what is frozen.", "")
        since = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        # On the list first, and also where nothing is held yet: what comes later is frozen as well.
        stands = self.store.freeze(call.person, call.items, Freeze(call.task, call.why, call.basis, since))
        self.adapter.freeze(call.person, call.items, frozen=True)
        counts = without_nothing(self.adapter.locate(call.person, call.items))
        if not counts:
            self._assert_sees(call.items)
            return {"state": "not-held", "counts": {}}
        return {"state": "frozen", "counts": counts, "since": stands.since}

    def _release(self, call: Call, at: datetime) -> Result:
        others = {
            item for item, freezes in self.store.freezes(call.person).items()
            if any(freeze.task != call.of for freeze in freezes)
        }  # fmt: skip
        # The mark goes before the entry: a kill between the two leaves the item frozen.
        if (ended := self.store.items_of(call.of) - others) and any(call.person.values()):
            if isinstance(self.adapter, SharesMarks):
                self.adapter.unmark(call.person, sorted(ended), still=others)
            else:
                self.adapter.freeze(call.person, sorted(ended), frozen=False)
        self.store.release(call.of, at=at.isoformat())
        return {"state": "released"}

    def _correct(self, call: Call, at: datetime) -> Result:
        for item in call.items:
            if item not in self.adapter.correctable:
                raise Unsupported(f"This system can't correct {item}.", f"/values/{item}")
        if kept := self._kept(call):
            # Half a correction would be two truths: nothing is written.
            return {"state": "kept", "reason": _reason(kept), "items": sorted(kept), "counts": {}}
        found = self._found(call, call.items)
        if not found:
            self._assert_nothing(call.person, call.items)
            return {"state": "not-held", "counts": {}}
        changed = self._changed(call)
        if changed:
            self.store.also_known_as(call.person, changed)
        self.adapter.correct(call.person, {item: call.values[item] for item in found})
        seen = self._values_of(call.person, changed, found)
        wrong = [item for item in found if set(seen.get(item, ())) != {call.values[item]}]
        if wrong:
            raise NotDone(wrong)
        commitments = {item: commitment(call.commitment_key, item, seen[item]) for item in found}
        return {"state": "corrected", "counts": found, "commitments": commitments}

    def _destroy(self, call: Call, at: datetime) -> Result:
        kept = self._kept(call)
        rest = [item for item in call.items if item not in kept]
        found: Counts = {}
        if rest:
            found = self._found(call, rest)
            self.adapter.destroy(call.person, rest)
            self._assert_nothing(call.person, rest)
        until = None if self.backups_days is None else self._backups_until(at)
        if kept:
            answer = {"state": "kept", "reason": _reason(kept), "items": sorted(kept), "counts": found}
            return answer | {"backups_until": until}
        if not found:
            return {"state": "not-held", "counts": {}}
        return {"state": "destroyed", "counts": found, "backups_until": until}

    def _read_back(self, call: Call, at: datetime) -> Result:
        values = self.adapter.read_back(call.person, call.items)
        counts = {item: len(found) for item, found in values.items() if found}
        commitments = {
            item: commitment(call.commitment_key, item, values[item])
            for item in counts
            if call.commitment_key and item in self.adapter.correctable
        }
        if not counts:
            self._assert_sees(call.items)
        return {"found": bool(counts), "counts": counts, "commitments": commitments}

    def _acknowledge(self, call: Call, at: datetime) -> Result:
        return {"state": "acknowledged"}

    def _found(self, call: Call, items: Collection[str]) -> Counts:
        """Return what a call found before it first changed anything, on the disk before it changes it."""
        before = self.store.found_before(call.key)
        if unseen := [item for item in items if item not in before]:
            counts = self.adapter.locate(call.person, unseen)
            before |= {item: counts.get(item, 0) for item in unseen}
            self.store.note_found(call.key, before)
        return {item: before[item] for item in items if before[item]}

    def _kept(self, call: Call) -> Mapping[str, list[Freeze]]:
        """Return the items that a freeze keeps from this call, as far as they are held.

        A freeze lets the portal's calls of its own case through; a hold lets through none.
        """
        freezes = self.store.freezes(call.person)
        keeping = {
            item: found
            for item in call.items
            if (found := [one for one in freezes.get(item, ()) if one.why == "hold" or one.basis != call.basis])
        }
        held = self.adapter.locate(call.person, sorted(keeping)) if keeping else {}
        return {item: found for item, found in keeping.items() if held.get(item)}

    def _changed(self, call: Call) -> Person:
        """Return the identifiers as a correction leaves them, where it changes one; else nothing."""
        new = {name: value for name, value in call.values.items() if call.person.get(name) not in (None, value)}
        return {**call.person, **new} if new else {}

    def _values_of(self, person: Person, changed: Person, items: Collection[str]) -> dict[str, list[str]]:
        seen: dict[str, list[str]] = {}
        for one in (person, changed) if changed else (person,):
            for item, values in self.adapter.read_back(one, items).items():
                seen.setdefault(item, []).extend(values)
        return seen

    def _assert_nothing(self, person: Person, items: Collection[str]) -> None:
        left = [item for item, values in self.adapter.read_back(person, items).items() if values]
        if left:
            raise NotDone(left)
        self._assert_sees(items)

    def _assert_sees(self, items: Collection[str]) -> None:
        if self.canary is None:
            return
        located, read = self.adapter.locate(self.canary, items), self.adapter.read_back(self.canary, items)
        if not all(located.get(item) and read.get(item) for item in items):
            raise Blind

    def _backups_until(self, at: datetime) -> str:
        day: date = at.astimezone(KST).date() + timedelta(days=self.backups_days or 0)
        return day.isoformat()


def _reason(kept: Mapping[str, list[Freeze]]) -> str:
    reasons = {REASON_OF_WHY[freeze.why] for freezes in kept.values() for freeze in freezes}
    return "hold" if "hold" in reasons else "dispute"


def call_mark(verb: str, key: str) -> str:
    """Return by which name a call stands in a log: nothing of a person."""
    return f"{verb} {sha256(key.encode()).hexdigest()[:8]}"
