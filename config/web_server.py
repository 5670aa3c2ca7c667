"""How the web server of pages and of intake is started, here and in docs/operations.md."""

import sys

# A connection that is slow to send its headers holds a place and no thread: there are many places, and 5 s for it.
# Whoever faces the Internet needs a proxy before it all the same, which also bounds slow bodies.
OPTIONS = (
    "--interface", "wsgi", "--backpressure", "1024", "--backlog", "2048", "--http1-header-read-timeout", "5000",
    "--no-ws", "--log-level", "warning", "--workers-kill-timeout", "5",
)  # fmt: skip


def options(workers: int = 2, threads: int = 4) -> list[str]:
    """Return how a web server with so many processes, of so many threads each, behaves, wherever it listens."""
    return [*OPTIONS, "--workers", str(workers), "--blocking-threads", str(threads)]


def command(*, host: str, port: int, workers: int = 2, threads: int = 4) -> list[str]:
    """Return the command that serves the portal, or its part that PORTAL_PROCESS names, at an address."""
    address = ["--host", host, "--port", str(port)]
    return [sys.executable, "-m", "granian", *options(workers, threads), *address, "config.wsgi:application"]
