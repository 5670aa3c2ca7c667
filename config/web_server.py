"""How the web server is started, here and in docs/operations.md."""

import sys

# A connection that is slow to send its headers holds a place and no thread: there are many places, and 5 s for it.
# Whoever faces the Internet needs a proxy before it all the same, which also bounds slow bodies.
OPTIONS = (
    "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--backpressure", "1024", "--backlog", "2048",
    "--http1-header-read-timeout", "5000", "--no-ws", "--log-level", "warning",
)  # fmt: skip


def command(*, host: str, port: int) -> list[str]:
    """Return the command that serves the portal at an address."""
    address = ["--host", host, "--port", str(port)]
    return [sys.executable, "-m", "granian", *OPTIONS, *address, "config.wsgi:application"]
