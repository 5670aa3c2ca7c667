"""What a page says of an act until the next one is read: to who is not signed in yet, in words of the portal's own."""

import ast
import re

import pytest

from tests.house.test_inventory import PRODUCT

SAYING = "messages"
SAYS = re.compile(rf"{SAYING}\.(?:add_message|debug|error|info|success|warning)$")
# Of the console and of the pages of employees, whose messages wait in their session.
SIGNED_IN = re.compile(r"/admin/|^config/(?:dossier|list_views|register_exports)|^privacy/lib/console/|/views\.py$")
# Sentences that the catalogue has, chosen some lines before; and why a session ended, of a closed list.
CHOSEN = {"why", "kwargs['message']", "second_factors.LAST_FACTOR", "why.label"}


def said_by(source: str) -> list[ast.expr]:
    """The texts of a module's messages, and what is put into them."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not SAYS.search(ast.unparse(node.func)):
            continue
        text = node.args[2 if ast.unparse(node.func).endswith("add_message") else 1]
        if isinstance(text, ast.BinOp) and isinstance(text.right, ast.Dict):
            found += [text.left, *text.right.values]
        else:
            found.append(text)
    return found


def is_ours(text: ast.expr) -> bool:
    """Whether it is a sentence of the catalogue, as it stands here."""
    return isinstance(text, ast.Call) and all(isinstance(part, ast.Constant) for part in text.args)


@pytest.mark.asvs("14.3.3")
def test_to_a_visitor_a_page_says_the_portal_s_own_words() -> None:
    (planted,) = said_by(f"{SAYING}.error(request, f'{{user}} is unknown')")
    assert not is_ours(planted) and ast.unparse(planted) not in CHOSEN
    saying = {path for path, text in PRODUCT.items() if said_by(text)}
    before = {path for path in saying if not SIGNED_IN.search(path)} | {"privacy/accounts/signin/views.py"}
    assert before == {f"privacy/accounts/signin/{name}.py" for name in ("adapters", "middleware", "views")}
    # No page of people outside says anything by a message.
    assert {path for path in saying if path.endswith("/views.py")} == {
        "privacy/accounts/signin/views.py", "privacy/accounts/views.py", "privacy/workforce/views.py",
    }  # fmt: skip
    strange = [one for path in before for one in said_by(PRODUCT[path]) if not is_ours(one)]
    assert {ast.unparse(one) for one in strange} <= CHOSEN
