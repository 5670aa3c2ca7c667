"""Where the web server of pages and of intake listens, and with how many processes and threads."""

from config.environment import Variables


def read(variables: Variables) -> tuple[int, str, int, int]:
    """Return port, address, processes and threads of each: they open processes × threads connections to a database."""
    return (
        variables.number("PORT", default=8000),
        variables.text("WEB_HOST", default="127.0.0.1"),
        variables.number("WEB_WORKERS", default=2),
        variables.number("WEB_THREADS", default=4),
    )
