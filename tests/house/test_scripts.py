"""What no script of a page does: each rule reads every script, and finds what is planted for it."""

import ast
import re

import pytest

from tests.house.test_secure_code import ROOT, SOURCES

SCRIPTS = {path.name: path.read_text() for path in sorted((ROOT / "static").rglob("*.js"))}


@pytest.mark.asvs("1.3.2", "3.2.2")
def test_scripts_write_text_and_never_markup() -> None:
    markup = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|srcdoc|setHTML"
        r"|createContextualFragment|setAttribute\([\"'](?:on|href|src|style)|set(?:Timeout|Interval)\([\"'`]"
        r"|location(?:\.href)?\s*=[^=]"
    )
    for planted in ("a.innerHTML = b", 'a.setAttribute("onclick", b)', 'setTimeout("x()")', "location = b"):
        assert markup.search(planted), planted
    assert len(SCRIPTS) == 5 and not {name for name, text in SCRIPTS.items() if markup.search(text)}


@pytest.mark.asvs("1.2.3")
def test_json_is_never_put_together_of_texts() -> None:
    def put_together(source: str) -> list[str]:
        first = [
            node.values[0] for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr) and node.values
        ]
        first += [node.left for node in ast.walk(ast.parse(source)) if isinstance(node, ast.BinOp)]
        first += [
            node.func.value
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        ]
        begun = [one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return [one for one in begun if re.match(r"\s*[\[{]+\s*\"", one)]

    for planted in ("""f'{{"a": {x}}}'""", """'{"a": ' + x""", """'{{"a": {}}}'.format(x)""", """'["%s"]' % x"""):
        assert put_together(planted), planted
    found = {path for path, text in SOURCES.items() if put_together(text)}
    # A batch of reports that the encoder wrote one by one: what is sent again is the same to its last byte.
    assert found == {"sdk/python/exafe_gateway/queue.py"}


@pytest.mark.asvs("3.2.3", "15.3.5", "15.3.6")
def test_scripts_are_strict_make_nothing_global_and_copy_no_names_of_strangers() -> None:
    """Names are declared, nothing is hung on window or document, and no object takes names from data."""
    loose = re.compile(
        r"\bvar\b|(?:window|document|globalThis)\.\w+\s*=[^=]|__proto__|Object\.assign|\bmerge\("
        r"|[\w\]]\[[A-Za-z_][\w.]*\]\s*[+-]?=[^=]"
    )
    for planted in ("window.x = 1", "Object.assign({}, JSON.parse(x))", "a[key][name] = value"):
        assert loose.search(planted), planted
    # Headers from a list of the script's own, and a count of entries by what was found about each.
    known = {"openings.js": ["count[found] +="], "security_key.js": ["response[name] ="]}
    for name, text in SCRIPTS.items():
        assert '"use strict";' in text, name
        found = [line.strip() for line in text.splitlines() if loose.search(line)]
        assert len(found) == len(known.get(name, [])), found
        assert all(one in line for one, line in zip(known.get(name, []), found, strict=True)), found
    # An element that is named like something of document or of window hides it: these alone are read there, none by a
    # name of ours, and a value is compared with its type.
    read = set(re.findall(r"\b(?:document|window|globalThis)(?:\?)?[.\[][\w\"']+", "".join(SCRIPTS.values())))
    assert read == {
        "document.activeElement", "document.addEventListener", "document.createElement", "document.getElementById",
        "document.querySelector", "document.querySelectorAll", "window.PublicKeyCredential", "window.crypto",
        "window.getSelection",
    }  # fmt: skip
    loosely = re.compile(r"[^=!<>]==[^=]|!=[^=]")
    assert loosely.search("a == b") and loosely.search("a != b")
    assert not {name for name, text in SCRIPTS.items() if loosely.search(text)}
    # A module has names of its own: a function of a classic script is one of window's.
    tags = [
        tag
        for path in (ROOT / "templates").rglob("*.html")
        for tag in re.findall(r"<script[^>]*>", path.read_text())
        if 'static "js/' in tag
    ]
    assert len(tags) >= 8 and all('type="module"' in tag for tag in tags)


@pytest.mark.asvs("3.5.5", "3.5.6", "14.3.3")
def test_scripts_take_no_messages_no_jsonp_and_store_nothing() -> None:
    forbidden = re.compile(
        r"postMessage|onmessage|BroadcastChannel|[\"']message[\"']|localStorage|sessionStorage|indexedDB|document\.cookie|createElement\([\"']script"
    )
    assert forbidden.search("localStorage.x") and forbidden.search('addEventListener("message", f)')
    # Whether letters act as keys on lists is kept in the browser, which is nobody's data, and nothing else.
    choice = re.compile(r"localStorage\.[gs]etItem\(\"list-keys\"(?:\)|, choice\.checked \? \"on\" : \"off\"\))")
    assert not {name for name, text in SCRIPTS.items() if forbidden.search(choice.sub("", text))}
    assert not {
        path for path, text in SOURCES.items() if re.search(r"jsonp|(?:application|text)/javascript", text, re.I)
    }
