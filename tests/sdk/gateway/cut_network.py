"""A network that is cut at random: a relay of bytes between a gateway and the portal."""

import contextlib
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator

# What becomes of a connection: cut before the portal hears of it, in the middle, or when only the answer is lost.
THROUGH, REFUSED, CUT_ASKING, CUT_ANSWER = "through", "refused", "cut while asking", "cut while answering"


class CutNetwork:
    """Relays connections; ``good``: how many of a hundred go through."""

    def __init__(self, port: int, *, seed: int, good: int) -> None:
        self.portal, self.good = port, good
        self.dice = random.Random(seed)
        self.fates: Counter[str] = Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.relays: list[threading.Thread] = []
        self.accepting = threading.Thread(target=self.accept)
        self.accepting.start()

    def accept(self) -> None:
        while True:
            try:
                near, _address = self.listener.accept()
            except OSError:
                return
            through = self.dice.randrange(100) < self.good
            fate = THROUGH if through else self.dice.choice([REFUSED, CUT_ASKING, CUT_ANSWER])
            self.fates[fate] += 1
            relay = threading.Thread(target=self.relay, args=(near, fate, self.dice.randrange(2_000)))
            relay.start()
            self.relays = [*(one for one in self.relays if one.is_alive()), relay]

    def relay(self, near: socket.socket, fate: str, most: int) -> None:
        with contextlib.suppress(OSError), near:
            if fate == REFUSED:
                return
            with socket.create_connection(("127.0.0.1", self.portal), timeout=30) as far:
                asking = threading.Thread(target=pass_on, args=(near, far, most if fate == CUT_ASKING else None))
                asking.start()
                # Less than an answer's head: the portal has done its work, and nobody learns of it.
                pass_on(far, near, most % 100 if fate == CUT_ANSWER else None)
                for one in (near, far):
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                asking.join()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in (self.accepting, *self.relays):
            thread.join()


def pass_on(source: socket.socket, target: socket.socket, most: int | None) -> None:
    """Pass bytes on until the source ends, or ``most`` of them and then cut both."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(65_536):
            if most is not None and len(chunk) >= most:
                target.sendall(chunk[:most])
                for one in (source, target):
                    one.shutdown(socket.SHUT_RDWR)
                return
            target.sendall(chunk)
            most = None if most is None else most - len(chunk)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def cut_network(port: int, *, seed: int, good: int = 40) -> Iterator[CutNetwork]:
    """Open the way to a port of this machine through such a network."""
    made = CutNetwork(port, seed=seed, good=good)
    try:
        yield made
    finally:
        made.close()
