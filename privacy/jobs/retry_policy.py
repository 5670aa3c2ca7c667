"""How long the worker keeps trying before a person must look: by the kind of delivery."""

from dataclasses import dataclass
from datetime import timedelta

# A job that ends its worker this often without an answer is parked, whatever its kind (FLT-17).
MAX_WORKER_CRASHES = 5


@dataclass(frozen=True)
class RetryPolicy:
    """The back-off of a kind: waits double from ``first`` to ``longest`` seconds, until ``hours`` or ``starts``.

    ``starts`` of None counts only the time: what goes to the outside world waits out an outage of a weekend.
    """

    first: float = 60
    longest: float = 3_600
    hours: float = 72
    starts: int | None = None

    def wait(self, failures: int) -> float:
        """Return the seconds to wait after the ``failures``-th failure."""
        return float(min(self.first * 2 ** min(failures - 1, 30), self.longest))

    def is_over(self, *, failures: int, age: timedelta) -> bool:
        """Whether a delivery that has just failed for the ``failures``-th time is given to a person.

        ``age`` counts from its first failure since it was last held back or given back.
        """
        if self.starts is not None and failures >= self.starts:
            return True
        return age >= timedelta(hours=self.hours)


# Our own work fails for our own reasons: a person looks soon.
INTERNAL_RETRIES = RetryPolicy(starts=5)
# Mail servers and partners have outages: 1, 2, 4 … minutes, then every six hours, for three days.
EXTERNAL_RETRIES = RetryPolicy(longest=6 * 3_600)
# A mailbox that doesn't exist comes to be by no waiting; what failed once or twice before is forgiven.
NO_MAILBOX_RETRIES = RetryPolicy(starts=3)
