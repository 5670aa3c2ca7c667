"""Does the text of an advertisement say what the law asks of it? (law C-20: Network Act art. 50(4)(6), Decree annex 6)

The portal sends no advertising. Whoever does asks here before: what is missing is named, and nothing is kept.
"""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from consents.advertising import Reason
from consents.models import Agreement

MARK, FREE_REFUSAL = "(광고)", "무료수신거부"
# The words of refusal and, below them, the number: that is an end.
MOST_LINES_AT_END = 2
# Ways of writing the mark that hide it from filters, which annex 6 forbids: spaces, signs or other letters in it.
DISGUISED = re.compile(r"^\W*(?:광\W*고|廣\W*告|ad|AD)\W")
SENDER = re.compile("엑스트러스|extrus", re.IGNORECASE)
NUMBER = r"(?<!\d)080[-. ]?\d{3,4}[-. ]?\d{4}(?!\d)"
PHONE = re.compile(rf"{NUMBER}|(?<!\d)(?:0\d{{1,3}}[-. ]?\d{{3,4}}[-. ]?\d{{4}}|1\d{{3}}[-. ]?\d{{4}})(?!\d)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
ADDRESS = re.compile(r"[가-힣](?:특별시|광역시|시|군|구)\s|주소|\baddress\b", re.IGNORECASE)
WEB = r"(?:https?://\S+|[\w-]+\.[\w-]+/\S*)"
KOREAN_REFUSAL = r"(?:수신|무료|광고)(?:을|를)?\s*거부|수신\s*동의(?:를)?\s*철회"
ENGLISH_REFUSAL = r"unsubscribe|opt[- ]?out"
REFUSAL = re.compile(f"{KOREAN_REFUSAL}|{ENGLISH_REFUSAL}", re.IGNORECASE)
# The number or link stands after the words, or just before them: “080-123-4567 무료수신거부”.
FREE_NUMBER, LINK = re.compile(NUMBER), re.compile(WEB)
WAY_BEFORE = re.compile(rf"(?:{NUMBER}|{WEB})[^\d.!?]{{0,12}}$")
SETTINGS = re.compile(r"설정|settings", re.IGNORECASE)
# That the refusal is free, and not something else: “무료 배송” says nothing of it.
FREE_BEFORE = re.compile(
    rf"무료(?:로)?\s*(?:(?:통화|전화|번호)?[\s:]*{NUMBER}[^\d.!?]{{0,12}})?$|\bfree\s*$", re.IGNORECASE
)
FREE_AFTER = re.compile(
    rf"^무료\s*거부|(?:[(\[,]|(?:거부|철회)(?:는|은)?|{NUMBER})\s*무료"
    r"(?=\W*$|[)\],.]|입니다|이며|로\s*(?:거부|철회|전화|이용)|\s*(?:통화|전화|번호|080))"
    r"|비용(?:이|을|은|은\s*전혀)?\s*(?:들지|없|부담하지|발생하지)|\bfree\b(?: of charge|\W*$)",
    re.IGNORECASE | re.MULTILINE,
)


def problems(text: str, channel: str, *, subject: str = "") -> list[Reason]:
    """Return what an advertisement lacks for a channel; ``subject`` is the subject line of an e-mail.

    What is found missing is missing. What is found is there by its form: whether the number answers, nobody can read
    off a text.
    """
    return list(_problems(text.strip(), channel, subject.strip()))


def _problems(text: str, channel: str, subject: str) -> Iterator[Reason]:
    by_mail = channel == Agreement.Channel.EMAIL
    begins = subject if by_mail else text
    if not begins.startswith(MARK):
        where = _("the subject") if by_mail else _("the text")
        if DISGUISED.match(begins):
            message = _(
                "Write the mark exactly as %(mark)s at the beginning of %(where)s: a disguised one is forbidden."
            )
        else:
            message = _("Begin %(where)s with %(mark)s.")
        yield Reason("mark", message % {"mark": MARK, "where": where})
    if not SENDER.search(text):
        yield Reason("sender", _("Name the sender."))
    refusals = list(REFUSAL.finditer(text))
    if by_mail:
        yield from _contact_of_mail(text)
    elif not (PHONE.search(_without_way(text, refusals)) or EMAIL.search(text)):
        yield Reason("contact", _("State how to reach the sender: a telephone number or an e-mail address."))
    if not refusals:
        yield Reason("refusal", _("State how to refuse further advertising or to withdraw the consent."))
    elif by_mail:
        yield from _refusal_of_mail(text, refusals)
    else:
        yield from _refusal_of_message(text, refusals[-1], channel)


def _contact_of_mail(text: str) -> Iterator[Reason]:
    if not (PHONE.search(text) and EMAIL.search(text) and ADDRESS.search(text)):
        yield Reason("contact", _("State the sender's e-mail address, telephone number and postal address."))


def _refusal_of_mail(text: str, refusals: Sequence[re.Match[str]]) -> Iterator[Reason]:
    after = text[refusals[0].start() :]
    if not (LINK.search(text) or EMAIL.search(after)):
        yield Reason("refusal-way", _("Add the link or the address for refusing."))
    if not all(re.search(words, text, re.IGNORECASE) for words in (KOREAN_REFUSAL, ENGLISH_REFUSAL)):
        yield Reason("refusal-language", _("State in Korean and in English how to refuse."))


def _refusal_of_message(text: str, refusal: re.Match[str], channel: str) -> Iterator[Reason]:
    before, after = text[: refusal.start()], text[refusal.start() :]
    settings = channel == Agreement.Channel.PUSH and SETTINGS.search(after)
    if not (FREE_NUMBER.search(after) or LINK.search(after) or WAY_BEFORE.search(before) or settings):
        yield Reason("refusal-way", _("Add the free number (080) or the link for refusing."))
    elif not (FREE_BEFORE.search(before) or FREE_AFTER.search(after)):
        told = _("Together with how to refuse, say that refusing is free of charge, as in “%(words)s”.")
        yield Reason("free", told % {"words": FREE_REFUSAL})
    if len([line for line in after.splitlines() if line.strip()]) > MOST_LINES_AT_END:
        yield Reason("refusal-end", _("Put how to refuse at the end of the text."))


def _without_way(text: str, refusals: Sequence[re.Match[str]]) -> str:
    """Return the text without the number by which one refuses: nobody can be reached there."""
    if not refusals:
        return text
    last = refusals[-1]
    before = WAY_BEFORE.sub("", text[: last.start()])
    return before + FREE_NUMBER.sub("", text[last.start() :], count=1)
