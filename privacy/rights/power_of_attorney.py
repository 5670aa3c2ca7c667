"""Form F-4, the power of attorney (위임장, form 11 of the notice on processing), to print and fill in by hand."""

from functools import cache

from privacy.lib.documents import pdf

TITLE = "위임장"
AGENT = "위임받는 자"
PRINCIPAL = "위임자"
# Label, and what it means in English; in the order of the form (law F-4).
AGENT_FIELDS = (
    ("성명", "name"),
    ("전화번호", "phone number"),
    ("생년월일", "birth date"),
    ("정보주체와의 관계", "relation"),
    ("주소", "address"),
)
PRINCIPAL_FIELDS = (
    ("성명", "name"),
    ("전화번호", "phone number"),
    ("생년월일", "birth date"),
    ("주소", "address"),
)
# By the codes of ``Request.Mandate``.
SCOPE = {
    "access": ("열람", "access"),
    "correction-or-deletion": ("정정·삭제", "correction or deletion"),
    "suspension": ("처리정지", "suspension of processing"),
    "consent-withdrawal": ("동의 철회", "withdrawal of consent"),
    "automated-decision": ("자동화된 결정에 대한 거부·설명 등", "automated decisions"),
}
UNTIL = ("위임 종료일(정한 때만 적음)", "until, if a day is agreed")
STATEMENT = (
    "「개인정보 보호법」 제38조제1항에 따라 위와 같이 개인정보의 열람, 정정·삭제, 처리정지 등의 요구를 위의 자에게 "
    "위임합니다."
)
HELP = (
    "Fill in this form in Korean or English. 위임받는 자 is the agent who asks; 위임자 is the person whose "
    "data it is. Tick only what the agent may ask for. The person whose data it is dates the form and signs it at the "
    "bottom. By signing, that person authorises the agent to make the ticked requests under article 38(1) of the "
    "Personal Information Protection Act. Send it with the documents that prove who you are."
)


@cache
def form(language: str) -> bytes:
    """Return the form as PDF: Korean, and in English with what each field means beside it."""

    def label(one: tuple[str, str]) -> str:
        return one[0] if language == "ko" else f"{one[0]} ({one[1]})"

    payload = {
        "title": TITLE if language == "ko" else f"{TITLE} (Power of attorney)",
        "subtitle": "개인정보 처리 방법에 관한 고시 별지 제11호서식의 기재 사항",
        "blocks": [
            *([] if language == "ko" else [{"kind": "note", "text": HELP}]),
            {"kind": "heading", "text": label((AGENT, "agent"))},
            {"kind": "blanks", "rows": [label(one) for one in AGENT_FIELDS]},
            {"kind": "heading", "text": label((PRINCIPAL, "person whose data it is"))},
            {"kind": "blanks", "rows": [label(one) for one in PRINCIPAL_FIELDS]},
            {"kind": "heading", "text": label(("위임 범위", "scope"))},
            {"kind": "text", "text": "\n".join(f"□ {label(one)}" for one in SCOPE.values())},
            {"kind": "blanks", "rows": [label(UNTIL)]},
            {"kind": "text", "text": STATEMENT},
            {
                "kind": "signature",
                "rows": [
                    "년        월        일",
                    f"{label((PRINCIPAL, 'signed by'))}                                (서명 또는 인)",
                ],
            },
        ],
    }
    return pdf.render("sheet", payload, language=language)
