"""Does the text of an advertisement say what the law asks of it? (law C-20: Network Act art. 50(4)(6), Decree annex 6)

The portal sends no advertising. Whoever does asks here before: what is missing is named, and nothing is kept.
"""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from consents.advertising import Reason
from consents.models import Agreement

MARK = "(광고)"
# Ways of writing the mark that hide it from filters, which annex 6 forbids: spaces, signs or other letters in it.
DISGUISED = re.compile(r"^\W*(?:광\W*고|廣\W*告|ad|AD)\W")
SENDER = re.compile("엑스트러스|extrus", re.IGNORECASE)
PHONE = re.compile(r"(?<!\d)(?:0\d{1,3}[-. ]?\d{3,4}[-. ]?\d{4}|1\d{3}[-. ]?\d{4}|080[-. ]?\d{3,4}[-. ]?\d{4})(?!\d)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
LINK = re.compile(r"https?://\S|[\w-]\.[\w-]+/")
REFUSAL = re.compile(r"수신\s*거부|수신\s*동의\s*철회|unsubscribe", re.IGNORECASE)
FREE = re.compile(r"무료")
FREE_NUMBER = re.compile(r"(?<!\d)080[-. ]?\d{3,4}[-. ]?\d{4}(?!\d)")


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
    if not (PHONE.search(text) or EMAIL.search(text)):
        yield Reason("contact", _("State how to reach the sender: a telephone number or an e-mail address."))
    refusal = REFUSAL.search(text)
    if refusal is None:
        yield Reason("refusal", _("State how to refuse further advertising or to withdraw the consent."))
        return
    after = text[refusal.start() :]
    if by_mail:
        if not (LINK.search(text) or EMAIL.search(after)):
            yield Reason("refusal-way", _("Add the link or the address by which one refuses."))
    elif not (FREE_NUMBER.search(after) or LINK.search(after)):
        yield Reason("refusal-way", _("Add the free number (080) or the link by which one refuses."))
    elif not FREE.search(text):
        yield Reason("free", _("Say in the text that refusing is free of charge."))
