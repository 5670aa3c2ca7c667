"""Mozilla HTTP Observatory's score of an answer, from its published tests and modifiers.

Source: mozilla/http-observatory, httpobs/docs/scoring.md and grader (version 2 of the algorithm; MDN HTTP Observatory
«Tests and scoring»): everybody starts with 100, a test adds or takes points, and what is earned above 100 counts
only where nothing below 90 was lost. The tests of TLS that an answer can't show (redirection, preloading by list) are
judged by the answer to plain HTTP and by the header.
"""

from collections.abc import Mapping
from html.parser import HTMLParser
from http.cookies import SimpleCookie

SIX_MONTHS = 15_768_000


def policy(text: str) -> dict[str, set[str]]:
    """Return the directives of a content security policy."""
    found: dict[str, set[str]] = {}
    for part in text.split(";"):
        words = part.split()
        if words:
            found.setdefault(words[0].lower(), {word.strip("'").lower() for word in words[1:]})
    return found


def content_security_policy(text: str | None) -> int:
    """+10 with default-src 'none' and nothing unsafe; +5 with nothing unsafe; less for what is."""
    if not text:
        return -25
    directives = policy(text)
    default = directives.get("default-src", {"*"})
    script = directives.get("script-src", default)
    style = directives.get("style-src", default)
    objects = directives.get("object-src", default)
    too_wide = {"*", "http:", "https:", "data:", "ftp:"}
    if script & too_wide or "unsafe-inline" in script or objects & too_wide:
        return -20
    if "unsafe-eval" in script:
        return -10
    if any(source.startswith("http:") for sources in directives.values() for source in sources):
        return -20
    if "unsafe-inline" in style or style & too_wide:
        return 0
    return 10 if default == {"none"} else 5


def strict_transport_security(text: str | None) -> int:
    if not text:
        return -20
    words = [word.strip().lower() for word in text.split(";")]
    age = next((int(word.removeprefix("max-age=")) for word in words if word.startswith("max-age=")), None)
    if age is None:
        return -20
    if age < SIX_MONTHS:
        return -10
    return 5 if "preload" in words and "includesubdomains" in words else 0


def cookies(found: SimpleCookie) -> int:
    """+5 where every cookie is Secure, sessions HttpOnly, and SameSite is used; heavy losses otherwise."""
    if not found:
        return 0
    points = 5
    for name, morsel in found.items():
        if not morsel.value and str(morsel["max-age"]) == "0":
            continue  # taken away, not given
        if not morsel["secure"]:
            return -40 if "session" in name else -20
        if not morsel["httponly"] and ("session" in name or "csrf" in name):
            return -30
        if not morsel["samesite"]:
            points = 0
    return points


def referrer_policy(text: str | None) -> int:
    private = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    if not text:
        return 0
    last = text.split(",")[-1].strip().lower()
    return 5 if last in private else (-5 if last in {"unsafe-url", "origin", "origin-when-cross-origin"} else 0)


def x_frame_options(text: str | None, directives: dict[str, set[str]]) -> int:
    if "frame-ancestors" in directives and not directives["frame-ancestors"] & {"*", "http:", "https:"}:
        return 5
    return 0 if (text or "").upper() in ("DENY", "SAMEORIGIN") else -20


def cross_origin_resource_policy(text: str | None) -> int:
    return {"same-origin": 10, "same-site": 10, "cross-origin": 0}.get((text or "cross-origin").lower(), -5)


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.foreign = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") or ""
        if tag == "script" and source.startswith(("http:", "https:", "//")) and "integrity" not in dict(attrs):
            self.foreign += 1


def scripts(page: str) -> int:
    """Subresource integrity: only scripts of other hosts need it."""
    parser = _Scripts()
    parser.feed(page)
    return -5 * bool(parser.foreign)


def points(headers: Mapping[str, str], set_cookies: SimpleCookie, page: str, *, redirects: bool) -> dict[str, int]:
    """Return what each test gives an answer over TLS; ``redirects`` says that plain HTTP leads there."""
    text = headers.get("Content-Security-Policy")
    sharing = headers.get("Access-Control-Allow-Origin")
    return {
        "content-security-policy": content_security_policy(text),
        "cookies": cookies(set_cookies),
        "cross-origin-resource-sharing": -50 if sharing == "*" else 0,
        "redirection": 0 if redirects else -20,
        "referrer-policy": referrer_policy(headers.get("Referrer-Policy")),
        "strict-transport-security": strict_transport_security(headers.get("Strict-Transport-Security")),
        "subresource-integrity": scripts(page),
        "x-content-type-options": 0 if headers.get("X-Content-Type-Options") == "nosniff" else -5,
        "x-frame-options": x_frame_options(headers.get("X-Frame-Options"), policy(text or "")),
        "cross-origin-resource-policy": cross_origin_resource_policy(headers.get("Cross-Origin-Resource-Policy")),
    }


def score(given: dict[str, int]) -> int:
    """Return the score: bonuses count only where the losses leave at least 90."""
    lost = 100 + sum(each for each in given.values() if each < 0)
    return max(0, lost + (sum(each for each in given.values() if each > 0) if lost >= 90 else 0))
