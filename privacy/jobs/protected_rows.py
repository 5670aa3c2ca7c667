"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from django_q.models import OrmQ, Schedule, Task

from privacy.jobs.models import GeneralOutbox, Heartbeat, PersonalOutbox
from privacy.ledger import protected_tables

# A schedule that is gone is a control that never runs. When it runs next changes with every run.
protected_tables.declare(Schedule, without=["next_run", "task"])

protected_tables.exempt(GeneralOutbox, PersonalOutbox, OrmQ, Task, because="work under way; what was done is an entry")
protected_tables.exempt(Heartbeat, because="when a process was last seen, many times a minute")
