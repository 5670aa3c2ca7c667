"""A real IMAP server for tests: Debian's Dovecot on a free port of this machine, with one mailbox of its own.

Without ``dovecot`` on this machine the tests fail and say which package is missing, unless ``IMAP=0`` left them out.
"""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from imap_tools import MailBoxUnencrypted

USER, PASSWORD = "office@extrus.example", "an open secret"
DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"
MISSING = "The tests of the mailbox need Dovecot: apt-get install dovecot-imapd (as root), or IMAP=0 make test."
CONFIGURATION = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols {{
  imap = yes
}}
listen = 127.0.0.1
ssl = no
auth_allow_cleartext = yes
{users}first_valid_uid = 1
first_valid_gid = 1
mail_driver = maildir
mail_path = {base}/mail
mail_uid = {uid}
mail_gid = {gid}
mailbox_list_index = no
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {base}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


# Of the one who is not root, for it may become nobody else; root has the users that the package made.
ONE_USER = """\
default_internal_user = {account}
default_internal_group = {group}
default_login_user = {account}
"""


@dataclass(frozen=True)
class ImapServer:
    """Where the server listens, and its one mailbox."""

    port: int

    def url(self, folder: str = "INBOX") -> str:
        return f"imap://{USER.replace('@', '%40')}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/{folder}"

    @contextmanager
    def opened(self) -> Iterator[MailBoxUnencrypted]:
        with MailBoxUnencrypted("127.0.0.1", self.port, timeout=20).login(USER, PASSWORD) as box:
            yield box

    def put(self, *mails: bytes) -> None:
        """Let mails arrive."""
        with self.opened() as box:
            for mail in mails:
                box.append(mail, "INBOX")

    def count(self, folder: str = "INBOX") -> int:
        with self.opened() as box:
            return int(box.folder.status(folder)["MESSAGES"])

    def empty(self) -> None:
        with self.opened() as box:
            box.delete(box.uids())


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    """Run a server in a folder of its own. Raises AssertionError where there is none on this machine."""
    assert Path(DOVECOT).exists(), MISSING
    with TemporaryDirectory(prefix="imap-") as made, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        with _running(_configured(Path(made), port), port):
            yield ImapServer(port)


def _configured(folder: Path, port: int) -> Path:
    """Return the configuration of a server, whose mails no root may have."""
    folder.chmod(0o755)
    for part in ("run", "state", "mail"):
        (folder / part).mkdir()
    is_root = os.getuid() == 0
    account = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.getuid())
    os.chown(folder / "mail", account.pw_uid, account.pw_gid)
    users = ONE_USER.format(account=account.pw_name, group=grp.getgrgid(account.pw_gid).gr_name)
    values = {
        "base": folder, "uid": account.pw_uid, "gid": account.pw_gid, "password": PASSWORD, "port": port,
        "users": "" if is_root else users,
    }  # fmt: skip
    configuration = folder / "dovecot.conf"
    configuration.write_text(CONFIGURATION.format(**values))
    return configuration


@contextmanager
def _running(configuration: Path, port: int) -> Iterator[None]:
    server = subprocess.Popen([DOVECOT, "-F", "-c", str(configuration)], stderr=subprocess.PIPE, text=True)
    try:
        _wait_until_it_answers(server, port)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)
        assert server.stderr is not None
        server.stderr.close()


def _wait_until_it_answers(server: "subprocess.Popen[str]", port: int) -> None:
    until = time.monotonic() + 60
    while True:
        if server.poll() is not None:
            assert server.stderr is not None
            raise AssertionError(server.stderr.read() or "Dovecot ended")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                if probe.recv(4):
                    return
        except OSError:
            assert time.monotonic() < until, "Dovecot does not answer"
            time.sleep(0.05)
