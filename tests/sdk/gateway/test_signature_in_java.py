"""The guide's signature in Java, compiled and run as printed: the portal takes it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from devices.request_signatures import SentRequest, parse_public_key, verify_token_signature
from privacy.lib.dates import clock
from tests.sdk.connector.served import ROOT

MAIN = """
class Main {
    public static void main(String[] given) throws Exception {
        java.security.KeyPair pair = java.security.KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        byte[] encoded = pair.getPublic().getEncoded();
        System.out.println(java.util.Base64.getEncoder().encodeToString(
            java.util.Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)));
        for (String body : new String[] {"", "{}"})
            PortalSignature.headers(pair.getPrivate(), "POST", "/api/v1/reports", "a=1", body.getBytes())
                .forEach((name, value) -> System.out.println(name + "\\t" + value));
    }
}
"""


def java_of(language: str) -> str:
    (found,) = re.findall(r"```java\n(.*?)```", (ROOT / f"docs/guide/gateway.{language}.md").read_text(), re.DOTALL)
    return str(found)


def test_both_guides_print_the_same_program() -> None:
    korean, english = (re.sub(r"/\*\*.*?\*/", "", java_of(language)) for language in ("ko", "en"))
    assert korean == english != ""


@pytest.mark.skipif(not shutil.which("java"), reason="no JDK here: apt-get install openjdk-21-jdk-headless")
def test_the_portal_takes_what_java_signs(tmp_path: Path) -> None:
    imports, _class, rest = java_of("en").partition("class PortalSignature")
    # A program of one file runs the class that stands first.
    (tmp_path / "Main.java").write_text(f"{imports}{MAIN}class PortalSignature{rest}")
    ran = subprocess.run(["java", "Main.java"], cwd=tmp_path, capture_output=True, text=True, check=True)
    public, *lines = ran.stdout.splitlines()
    headers: list[dict[str, str]] = [{}, {}]
    for line in lines:
        name, _tab, value = line.partition("\t")
        headers[name in headers[0] or name == "Content-Digest" or bool(headers[1])][name] = value
    for body, told in zip((b"", b"{}"), headers, strict=True):
        sent = SentRequest("POST", "/api/v1/reports", "a=1", body, told["Signature-Input"], told["Signature"],
                           told.get("Content-Digest", ""))  # fmt: skip
        assert verify_token_signature(sent, key=parse_public_key(public), at=clock.now())
