"""What the console says in English: sentence case, words where codes are, no rule ids, nothing in Korean by mistake."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from tests import factory
from tests.base import PortalTestCase
from tests.browser.office_data import make_full_office
from tests.house.route_list import all_routes

HEADINGS = {"h1", "h2", "h3", "h4", "caption", "legend", "button", "th", "dt", "label"}
# Rules of our own lists. F-1 … F-19 are the numbers of the official forms, which people know.
RULE = re.compile(r"\b(law [A-Z]-\d\d|[A-EG-Z]-\d\d\b(?!-)|P\d\.\d+|SEC-\d+)")
# A column of its own may hold them: the clause that a measure carries out, the basis of a parameter.
ALONE = re.compile(rf"({RULE.pattern}|decision \d+|[, …])+")
HANGUL = re.compile(r"[가-힣]")


class Words(HTMLParser):
    """Collects what a page says: headings by their element, sentences, and where Korean is marked as such."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, bool]] = []
        self.headings: list[tuple[str, str]] = []
        self.said: list[tuple[str, str, bool]] = []
        self.begun: list[tuple[str, list[str], bool]] = []
        self.buttons: list[str] = []
        self.tools = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"br", "input", "img", "meta", "link", "hr", "use", "path", "col", "wbr"}:
            return
        given = dict(attrs)
        inside = tag in {"li", "a", "form", "button"}
        self.tools = "object-tools" in (given.get("class") or "") or (self.tools and inside)
        korean = given.get("lang", "ko" if any(k for _t, k in self.stack) else "en") == "ko"
        as_it_is = "record-name" in (given.get("class") or "") or tag in {"code", "pre"}
        names_a_record = tag == "th" and "thead" not in [one for one, _korean in self.stack]
        self.stack.append((tag, korean or as_it_is))
        if tag in HEADINGS and not names_a_record:
            self.begun.append((tag, [], korean or as_it_is))

    def handle_endtag(self, tag: str) -> None:
        while self.stack:
            top, _korean = self.stack.pop()
            if top == tag:
                break
        if self.begun and self.begun[-1][0] == tag:
            _tag, words, exempt = self.begun.pop()
            said = " ".join("".join(words).split())
            if said and not exempt:
                self.headings.append((tag, said))

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _korean in self.stack]
        for _tag, words, _korean in self.begun:
            words.append("" if "code" in tags else data)
        if data.strip() and (self.tools or "button" in tags):
            self.buttons.append(data.strip())
        if data.strip() and not {"script", "style"} & set(tags):
            self.said.append((tags[-1] if tags else "", data.strip(), any(korean for _t, korean in self.stack)))


@pytest.mark.truth("22")
class ConsoleWordsTest(PortalTestCase):
    def test_the_english_console_speaks_in_words(self) -> None:
        make_full_office()
        client = Client(headers={"accept-language": "en"})
        client.force_login(factory.make_odile())
        lower: set[str] = set()
        rules: set[str] = set()
        korean: set[str] = set()
        for place in all_routes():
            if not place.address.startswith("/office/"):
                continue
            answer = client.get("/en" + place.address)
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            page = Words()
            page.feed(answer.content.decode())
            lower |= {f"{place.name}: <{tag}> {said}" for tag, said in page.headings if said[0].islower()}
            for _tag, said, exempt in page.said:
                if exempt:
                    continue
                if RULE.search(said) and not ALONE.fullmatch(said):
                    rules.add(f"{place.name}: {said[:90]}")
            korean |= {f"{place.name}: {said}" for said in page.buttons if HANGUL.search(said)}
        assert not sorted(lower | rules | korean), "\n".join(sorted(lower) + sorted(rules) + sorted(korean))
