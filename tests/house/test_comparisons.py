"""How secrets are compared: never letter by letter, which tells by its time how many were right."""

import ast
import re

import pytest

from tests.house.test_secure_code import SERVED, SOURCES


@pytest.mark.asvs("11.2.4")
def test_no_secret_is_compared_letter_by_letter() -> None:
    """Secrets are looked up by their digests, or compared by ``compare_digest``: no ``==`` has one at its side."""
    secret = re.compile(r"(?:^|[._])(?:token|secret|password|passphrase|mac)$")

    def compared(source: str) -> list[str]:
        return [
            ast.unparse(node)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Compare)
            and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops)
            and any(secret.search(ast.unparse(side)) for side in (node.left, *node.comparators))
            and not any(isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
        ]

    assert compared("held.token == given")
    found = {path: seen for path, text in SOURCES.items() if path.startswith(SERVED) and (seen := compared(text))}
    assert found == {}
    constant = re.compile(r"\b(?:compare_digest|constant_time_compare|constant_time_equal)\(")
    timed = {path for path, text in SOURCES.items() if path.startswith(SERVED) and constant.search(text)}
    assert timed == {
        "config/event_examples.py", "devices/actions/challenges.py", "devices/request_signatures.py",
        "privacy/accounts/provider.py", "privacy/accounts/signin/security_keys.py",
        "privacy/disclosures/actions/answering.py", "privacy/disclosures/answer_calls.py",
        "privacy/lib/identifiers/access_codes.py", "privacy/rights/actions/access_packages.py",
        "privacy/rights/reply_addresses.py", "privacy/subjects/actions/access_code_attempts.py",
        "privacy/vault/actions/key_creation.py", "privacy/vault/keyservice/custodian.py",
    }  # fmt: skip
