"""Encrypted ZIPs as a recipient opens them: with pyzipper, an implementation that is not ours."""

import io

import pyzipper

# What a recipient's program says to a wrong passphrase, or to a file that was altered.
REFUSED = (RuntimeError, pyzipper.BadZipFile)


def opened(archive: bytes, passphrase: str) -> dict[str, bytes]:
    """Return the files of an archive. Raises one of REFUSED."""
    with pyzipper.AESZipFile(io.BytesIO(archive)) as found:
        found.setpassword(passphrase.encode())
        return {name: found.read(name) for name in found.namelist()}
