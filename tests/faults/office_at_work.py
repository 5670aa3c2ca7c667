"""The office of a fault run, in processes of its own: officers act with the portal's verbs, and are killed at it.

``python -m tests.faults.office_at_work FOLDER``: the first process loads everything and forks the one that works; when
that dies, it forks the next one. The pid of who works stands in ``FOLDER/at-work``. Orders for holds come in
``FOLDER/holds``, a line each: the person's id, then ``place`` or ``lift``.
"""

import os
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import django

django.setup()


from config.process_lifetime import end_with_parent  # noqa: E402
from privacy.accounts.models import User  # noqa: E402
from privacy.lib.dates import clock  # noqa: E402
from privacy.lib.errors.refusals import Refusal  # noqa: E402
from privacy.retention import actions as retention  # noqa: E402
from privacy.retention.models import Hold  # noqa: E402
from privacy.rights import actions as rights  # noqa: E402
from privacy.rights.actors import Requester  # noqa: E402
from privacy.rights.models import Request, Right  # noqa: E402
from tests.sample_uploads import PDF  # noqa: E402

RESUMED = "resume"
# A right that was tried is left alone for so long.
AGAIN_AFTER = timedelta(seconds=3)


class Office:
    """Hana verifies, Odile decides and carries out, Omar asks for what Odile ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        people = {user.email.partition("@")[0]: user for user in User.objects.all()}
        self.hana, self.odile, self.omar = people["hana"], people["odile"], people["omar"]

    def work(self) -> None:
        """Do one piece of work after the other until killed."""
        dice = random.Random()
        while True:
            waiting = [*self.waiting()]
            for piece in dice.sample(waiting, min(5, len(waiting))):
                try:
                    piece()
                except Refusal as refusal:
                    print(f"refused: {refusal.code}", flush=True)
            time.sleep(0 if waiting else 0.1)

    def waiting(self) -> Iterator[Callable[[], object]]:
        """Yield what there is to do now."""
        at = clock.now()
        for case in Request.objects.filter(verified_at=None, closed_at=None)[:20]:
            yield lambda case=case: self.verify(case)  # type: ignore[misc]
        open_rights = Right.objects.filter(request__verified_at__isnull=False).select_related("request")
        for right in open_rights.filter(decision=Right.Decision.PENDING)[:20]:
            yield lambda right=right: rights.grant(right, actor=self.odile, at=clock.now())  # type: ignore[misc]
        granted = open_rights.filter(decision=Right.Decision.GRANTED, carried_out_at=None)
        for right in granted.exclude(tried_at__gt=at - AGAIN_AFTER)[:20]:
            yield lambda right=right: rights.carry_out(right, actor=self.odile, at=clock.now())  # type: ignore[misc]
        for right in open_rights.filter(kind="suspension", carried_out_at__isnull=False, resumed_at=None):
            if self.is_resumed(right):
                yield lambda right=right: rights.resume_processing(right, actor=self.odile, at=clock.now())  # type: ignore[misc]
        yield from self.holds()

    def verify(self, case: Request) -> None:
        at = clock.now()
        if not rights.documents(case).exists():
            rights.submit_document(case, name="id.pdf", content=PDF, actor=Requester(case.reference), at=at)
        rights.open_documents(case, actor=self.hana, at=at)
        rights.verify(case, method="documents", actor=self.hana, at=at)

    def is_resumed(self, right: Right) -> bool:
        return str(right.request.subject_id) in self._told(RESUMED)

    def holds(self) -> Iterator[Callable[[], object]]:
        placed = {str(hold.subject_id): hold for hold in Hold.objects.all()}
        for person in self._told("place") - set(placed):
            yield lambda person=person: self.place(UUID(person))  # type: ignore[misc]
        for person in self._told("lift") & set(placed):
            if placed[person].lifted_at is None:
                yield lambda hold=placed[person]: self.lift(hold)  # type: ignore[misc]

    def place(self, person: UUID) -> None:
        retention.place_hold(
            kind="litigation", demanded_by="Seoul Central District Court", document="2026가합1234", reason="a lawsuit",
            subject_id=person, actor=self.odile, at=clock.now(),
        )  # fmt: skip

    def lift(self, hold: Hold) -> None:
        retention.ask_lifting(hold, reason="settled", actor=self.omar, at=clock.now())
        retention.lift_hold(hold, actor=self.odile, at=clock.now())

    def _told(self, word: str) -> set[str]:
        orders = self.folder / "orders"
        lines = [line.split() for line in orders.read_text().splitlines()] if orders.exists() else []
        return {one[0] for one in lines if len(one) == 2 and one[1] == word}


def main(folder: Path) -> None:
    """Fork who works, again and again."""
    while True:
        child = os.fork()
        if child == 0:
            end_with_parent()
            try:
                Office(folder).work()
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        (folder / "at-work.new").write_text(str(child))
        (folder / "at-work.new").rename(folder / "at-work")
        os.waitpid(child, 0)


if __name__ == "__main__":
    end_with_parent()
    main(Path(sys.argv[1]))
