"""How a page is looked at: what it says, how it is built, in which colours; axe is asked of what it has not seen yet.

A thousand pages are built from a few hundred patterns: an element with its classes, roles and kind, what it stands in,
and what stands in it, without words. What axe thinks of one it thinks of its like, so it is asked of a page's new
patterns alone. Contrast hangs on a text's colour, ground, size and weight: it is asked of one text for each such look.
"""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
GRAVE = {"serious", "critical"}

# Everything that is asked of a page, in one question.
SEEN = """([labels, codes]) => {
  const seen = selector => [...document.querySelectorAll(selector)].filter(each => each.checkVisibility());
  const root = document.documentElement, lines = each => each.innerText.split("\\n").map(line => line.trim());
  const language = each => each.closest("[lang]").lang;
  return {
    language: root.lang, title: document.title, text: document.body.innerText,
    labels: seen(labels).map(each => [each.innerText.trim(), language(each)]),
    others: seen(`${codes}, [lang]:not(html):not([lang=${root.lang}])`).flatMap(lines),
    wider: root.scrollWidth - root.clientWidth, shifted: window.shifted,
  };
}"""

# A number for a text, so that thousands of known ones need not travel.
NUMBER = """
const number = text => {
  let h1 = 0xdeadbeef, h2 = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  return 4294967296 * (2097151 & h2) + (h1 >>> 0);
};"""

# One element of each pattern, by its number. Which register is the current one is no pattern.
PATTERNS = """() => {
  const PLACE = /^(current-|app-|model-)/, WORDED = /label|describ|alt|title|lang/;
  const SAID = ["role", "type", "scope", "href", "aria-label", "aria-labelledby", "aria-describedby", "aria-hidden",
    "aria-expanded", "aria-current", "alt", "title", "tabindex", "disabled", "hidden", "lang", "http-equiv"];
  const says = each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const ids = new Map();
  for (const each of document.querySelectorAll("[id]")) ids.set(each.id, (ids.get(each.id) || 0) + 1);
  const kinds = new Map();
  const kind = each => {
    if (!kinds.has(each)) {
      const classes = [...each.classList].filter(name => !PLACE.test(name)).sort().join(".");
      const said = SAID.filter(name => each.hasAttribute(name)).map(name =>
        name === "href" || WORDED.test(name) ? name : name + "=" + each.getAttribute(name));
      const named = each.labels && !each.labels.length ? "/nameless" : "";
      const twice = each.id && ids.get(each.id) > 1 ? "/twice" : "";
      const wider = each.scrollWidth > each.clientWidth + 1;
      const scrolls = wider && getComputedStyle(each).overflowX !== "visible" ? "/scrolls" : "";
      const own = [each.localName, classes, says(each) ? "t" : "", said.join(",")].join(";");
      kinds.set(each, own + named + twice + scrolls);
    }
    return kinds.get(each);
  };
  window.found = new Map();
  for (const each of document.querySelectorAll("html, head > meta, body, body *:not(script, style, svg *)")) {
    const within = [...new Set([...each.children].filter(child => child.localName !== "script").map(kind))].sort();
    const pattern = (each.parentElement ? kind(each.parentElement) : "") + ">" + kind(each) + ">" + within.join("+");
    const key = number(pattern);
    if (!window.found.has(key)) window.found.set(key, each);
  }
  return [...window.found.keys()];
}"""

# How each text looks. Axe passes over what is disabled or out of sight, so that is part of the look.
LOOKS = """() => {
  const grounds = new Map();
  const ground = each => {
    if (!each) return "";
    if (!grounds.has(each)) {
      const style = getComputedStyle(each);
      const own = style.backgroundColor, image = style.backgroundImage, faint = style.opacity;
      const solid = !/, 0(\\.\\d+)?\\)$|\\/ 0?\\.?\\d+\\)$|^transparent$/.test(own);
      const here = own + (image === "none" ? "" : image) + (faint === "1" ? "" : "@" + faint);
      grounds.set(each, solid && image === "none" && faint === "1" ? here : here + "<" + ground(each.parentElement));
    }
    return grounds.get(each);
  };
  window.found = new Map();
  for (const each of document.querySelectorAll("body, body *")) {
    if (![...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    if (!each.checkVisibility({visibilityProperty: true})) continue;
    const style = getComputedStyle(each), box = each.getBoundingClientRect();
    const idle = each.closest("[disabled], [aria-disabled=true]") || each.control?.disabled ? "idle" : "";
    const hidden = box.width <= 1 || box.height <= 1 || box.right <= 0 || box.bottom <= 0 ? "hidden" : "";
    const font = style.fontSize + style.fontWeight + style.textShadow;
    const key = number([style.color, ground(each), font, idle, hidden].join("|"));
    if (!window.found.has(key)) window.found.set(key, each);
  }
  return [...window.found.keys()];
}"""

# Of what is new, the outermost: what stands in it is asked of with it.
ASK = """([where, fresh, options]) => {
  const picked = fresh.map(key => window.found.get(key));
  const outermost = picked.filter(each => !picked.some(other => other !== each && other.contains(each)));
  return axe.run(fresh.length ? outermost : where || document, options);
}"""
BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def grave(
    page: Page, *, where: str | None = None, fresh: Sequence[int] = (), rules: dict[str, Any] | None = None
) -> list[str]:
    """Return what axe finds grave on a page, a part of it, or what was found ``fresh`` there, by all rules or these."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.axe_script)
    found = page.evaluate(ASK, [where, fresh, {"resultTypes": ["violations"]} | (rules or {})])
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


class Judge:
    """Asks axe of every pattern and of every look of a text once, and remembers what it has asked of."""

    def __init__(self) -> None:
        self._patterns: set[int] = set()
        self._looks: set[int] = set()
        self.asked = 0

    def structure(self, page: Page) -> list[str]:
        """Return what is grave about the page's new patterns, apart from contrast."""
        return self._ask(page, PATTERNS, self._patterns, BUT_CONTRAST)

    def contrast(self, page: Page) -> list[str]:
        """Return which texts are too pale, of those that look like none that was seen before."""
        return self._ask(page, LOOKS, self._looks, CONTRAST)

    def _ask(self, page: Page, question: str, known: set[int], rules: dict[str, Any]) -> list[str]:
        fresh = [key for key in page.evaluate(f"() => {{ {NUMBER}; return ({question})(); }}") if key not in known]
        if not fresh:
            return []
        known.update(fresh)
        self.asked += 1
        return grave(page, fresh=fresh, rules=rules)
