"""Which entries explain a write to the words of cases: each names the case, under which they are sealed."""

from privacy.ledger import captured_tables
from privacy.rights.events import Event
from privacy.rights.models import Particulars
from privacy.vault.models import EncryptedFile

# Every step of a case may bring words or end them, so any entry about the case names them.
STEPS = dict.fromkeys(Event, "subject_id")
captured_tables.declare(Particulars, insert=STEPS, update=STEPS, delete={Event.PARTICULARS_REMOVED: "subject_id"})
captured_tables.declare(EncryptedFile, delete={Event.PARTICULARS_REMOVED: "subject_id"})
