"""How long before it takes effect a version must be announced: longer where it is adverse to people (P0.3, V-07)."""

from datetime import date, timedelta

from privacy.policies import policy_document, rulebook, text_changes
from privacy.policies.models import PolicyVersion
from privacy.policies.rule_changes import RuleChange


def earliest_effective_on(version: PolicyVersion, on: date) -> date:
    """Return the first day a version announced on ``on`` may take effect (P0.3, V-07), after every published one."""
    code = "policy.notice.adverse.days" if is_adverse(version, on) else "policy.notice.days"
    announced = on + timedelta(rulebook.parameter(code, on))
    newest = PolicyVersion.objects.newest()
    return announced if newest is None else max(announced, effective_day(newest) + timedelta(1))


def is_adverse(version: PolicyVersion, on: date) -> bool:
    """Whether a version burdens people: somebody said so, or it takes, keeps or gives more than one that rules before.

    It is compared with the version in force and with every one that is announced: whoever reads any of them now is
    told early enough of what this one takes more.
    """
    return version.adverse or any(change.adverse for change in changes_ahead(version, on))


def changes_ahead(version: PolicyVersion, on: date) -> list[RuleChange]:
    """Return how the rules of a version differ from those in force and from each announced one."""
    try:
        composed = policy_document.compose(version, on)
    except policy_document.UnknownPlaceholder:
        return []
    ahead = PolicyVersion.objects.in_force_or_announced(on).exclude(pk=version.pk)
    return [
        change
        for one in ahead
        for change in text_changes.compare_rules(policy_document.published_document(one), composed, "ko")
    ]


def effective_day(version: PolicyVersion) -> date:
    """Return the day on which a published version takes effect."""
    assert version.effective_on is not None  # public versions have their day
    return version.effective_on
