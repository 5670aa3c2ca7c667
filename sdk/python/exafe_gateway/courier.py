"""A courier: delivers what a queue holds, again and again, and waits as long as the portal or the network asks for."""

from threading import Event

from exafe_gateway.gateway import Gateway
from exafe_gateway.problems import NotAuthorized, TryLater, UnexpectedAnswer, Unreachable
from exafe_gateway.queue import ReportQueue
from exafe_gateway.transport import back_off

LONGEST = 600.0


class Courier:
    """Runs in a thread of the caller's: ``threading.Thread(target=courier.run, args=(stop,))``."""

    def __init__(self, gateway: Gateway, queue: ReportQueue, *, every: float = 60) -> None:
        self.gateway = gateway
        self.queue = queue
        self.every = every
        self.failures = 0

    def run(self, stop: Event) -> None:
        """Deliver until ``stop`` is set. Raises NotAuthorized: a wrong token doesn't become right by waiting."""
        while not stop.wait(self.step()):
            pass

    def step(self) -> float:
        """Deliver once; return in how many seconds to do so again. Raises NotAuthorized."""
        try:
            self.gateway.deliver(self.queue)
        except NotAuthorized:
            raise
        except TryLater as problem:
            self.failures += 1
            return problem.retry_after or back_off(self.failures)
        except (Unreachable, UnexpectedAnswer):  # a hotel's sign-in page, for example
            self.failures += 1
            return min(LONGEST, back_off(self.failures) * 4)
        self.failures = 0
        return self.every
