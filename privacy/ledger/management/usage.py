"""Exit codes that say what was found: a call that can't be understood must not end as a finding does."""

from django.core.management.base import CommandParser


def exit_on_usage_error(parser: CommandParser, status: int) -> None:
    """Let a wrong call exit with ``status``: argparse's own is 2, which here says "altered" or "refused"."""
    leave = parser.exit

    def leaving(code: int = 0, message: str | None = None) -> None:
        leave(status if code else 0, message)

    parser.exit = leaving  # type: ignore[assignment,method-assign]  # argparse offers no other way
