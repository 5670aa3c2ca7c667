"""The revision that the portal proposes, as a draft: what the policy needs to be complete under today's law (V-01)."""

import tomllib
from datetime import date, datetime
from typing import Any

from django.db import transaction

from privacy.ledger.actors import Actor
from privacy.policies.actions import drafts
from privacy.policies.models import LegalBasis, PolicyVersion, PreservationRule, Section
from privacy.policies.shipped_text import EDITIONS

PROPOSAL = EDITIONS / "proposal.toml"


def draft_proposal(*, effective_on: date | None = None, actor: Actor, at: datetime) -> PolicyVersion:
    """Start a draft from the newest version with the headings and legal bases that the portal proposes.

    A basis that the version states stays. Rules, tables and every other heading stay as they are: whom the registers
    name is named. Raises ``NotPermitted`` and ``NoBaseVersion``.
    """
    proposal = tomllib.loads(PROPOSAL.read_text(encoding="utf-8"))
    with transaction.atomic():
        version = drafts.create_draft(actor=actor, at=at)
        rows: list[drafts.Row] = [
            *_sections(version, proposal["sections"]),
            *_preservation(version, proposal["preservation"]),
            *_bases(version, proposal["bases"]),
        ]
        drafts.revise_draft(version, rows=rows, actor=actor, at=at)
        return drafts.describe_draft(
            version,
            effective_on=effective_on,
            reason_ko=proposal["reason_ko"],
            reason_en=proposal["reason_en"],
            adverse=False,
            actor=actor,
            at=at,
        )


def _sections(version: PolicyVersion, proposed: list[dict[str, Any]]) -> list[Section]:
    known = {section.code: section for section in version.sections.all()}
    rows = []
    for position, words in enumerate(proposed, start=len(known)):
        section = known.get(words["code"]) or Section(version=version, position=position)
        section.applicable = True
        for name, value in words.items():
            setattr(section, name, value.strip())
        rows.append(section)
    return rows


def _preservation(version: PolicyVersion, proposed: list[dict[str, Any]]) -> list[PreservationRule]:
    rows = []
    for words in proposed:
        for rule in version.preservation_rules.filter(code__in=words["codes"]):
            rule.article_ko, rule.article_en = words["article_ko"], words["article_en"]
            rows.append(rule)
    return rows


def _bases(version: PolicyVersion, proposed: list[dict[str, Any]]) -> list[LegalBasis]:
    return [
        LegalBasis(category=category, purpose=purpose, basis=words["basis"])
        for words in proposed
        for category in version.categories.filter(code=words["category"])
        for purpose in category.purposes.filter(code=words["purpose"])
        if not category.bases.filter(purpose=purpose).exists()
    ]
