"""A mail server with STARTTLS that keeps what it takes as files: ``python -m deploy.drill.mail_server FOLDER``."""

import ssl
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller

from config.management.commands.mailbox import Folder
from deploy.drill.surroundings import TLS


def main() -> None:
    """Take mail until this is ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "host.crt", TLS / "host.key")
    folder = Path(sys.argv[1])
    Controller(Folder(folder), hostname="0.0.0.0", port=8587, tls_context=context, require_starttls=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
