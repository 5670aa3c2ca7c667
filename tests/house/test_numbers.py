"""No number of the law is a literal: what reaches a period comes from the rulebook, or says here why not."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PERIODS = frozenset(
    {
        "timedelta",
        "time",
        "period_end",
        "answer_due",
        "answer_due_unrolled",
        "anniversary_eve",
        "hours_due",
        "latest_event",
    }
)
ROOTS = ("privacy", "consents", "devices", "config")
# Migrations are history; the demonstration and the simulated fleet invent days.
LEFT_OUT = ("migrations", "demonstration", "simulation")
# The next day, the day before, nothing at all: arithmetic of the calendar, no term.
PLAIN = frozenset({0, 1})
# What takes an integer of its own, and why no law or policy has a say in it.
OURS = {
    "privacy/campaigns/shown_progress.py: timedelta(seconds=30)": "how long the figures of a big notice are shown",
    "privacy/retention/actions/predictions.py: timedelta(days=3)": "how late a nightly comparison may catch up",
    "consents/actions/coming_of_age.py: timedelta(days=31)": "how late a birthday may be caught up",
    "privacy/office_api/actions/credentials.py: timedelta(days=90)": "what the form proposes",
    "privacy/office_api/actions/credentials.py: timedelta(days=365)": "a program is let in anew each year",
    "privacy/office_api/actions/outgoing_events.py: timedelta(days=90)": "how long events can be replayed",
    "privacy/office_api/actions/subscriptions.py: timedelta(days=7)": "how long two secrets sign",
    "privacy/scim/actions/credentials.py: timedelta(days=180)": "what the form proposes",
    "privacy/scim/actions/credentials.py: timedelta(days=365)": "a directory is let in anew each year",
    "privacy/office_api/permission_questions.py: timedelta(days=366)": "how long a period is answered at once",
    "privacy/subjects/actions/contact_codes.py: timedelta(minutes=5)": "how long a second click says the same",
    "privacy/rights/text_announcements.py: timedelta(hours=144)": "three days of tries, and as long as carriers wait",
    "privacy/campaigns/sending.py: timedelta(hours=24)": "a breach leaves two of three days to the other ways",
    "privacy/rights/opening_views.py: timedelta(minutes=settings.KEY_UNSIGNED_MINUTES or MINUTES)": "a late signature",
    "devices/actions/signed_requests.py: timedelta(seconds=2 * request_signatures.TOLERANCE_SECONDS)": "signatures",
    "privacy/rights/actions/incoming_mail.py: timedelta(days=30)": "how far back a provider may date what it gives now",
    "privacy/accounts/actions/last_granter.py: timedelta(days=31)": "tells a forgotten renewal from history",
    "privacy/accounts/actions/representative_links.py: timedelta(days=14)": "how long a link opens",
    "privacy/accounts/approval_signatures.py: timedelta(minutes=15)": "how long a page stands open to be signed",
    "privacy/accounts/admin/access_grants.py: timedelta(days=90)": "what the form proposes; the rulebook limits it",
    "privacy/accounts/views.py: timedelta(days=90)": "what the form proposes; the rulebook limits it",
    "privacy/accounts/signin/actions.py: timedelta(days=400)": "ended sessions; the trail has the rest",
    "privacy/accounts/signin/actions.py: timedelta(days=7)": "how long a form sent again finds its record",
    "privacy/accounts/signin/throttling.py: timedelta(seconds=30)": "throttling of sign-in",
    "privacy/accounts/signin/throttling.py: timedelta(hours=24)": "throttling of sign-in",
    "config/management/commands/textbox.py: timedelta(seconds=3)": "a simulated phone rings a moment later",
    "privacy/campaigns/sending.py: timedelta(hours=6)": "KakaoTalk delivers at once or not at all",
    "privacy/campaigns/sending.py: timedelta(hours=72)": "how long carriers keep a text for a phone that is off",
    "privacy/disclosures/actions/notices.py: timedelta(days=LINK_DAYS)": "how long a link opens",
    "privacy/disclosures/actions/proofs.py: timedelta(hours=9)": "a reminder goes out in the morning",
    "privacy/incidents/actions/complaints.py: timedelta(days=62)": "how far back a holiday can move a target",
    "privacy/vault/actions/key_holders.py: timedelta(minutes=10)": "when a host counts as away",
    "privacy/ledger/actions/finding_questions.py: timedelta(days=DAYS_TO_ANSWER)": "the office's own: no law gives one",
    "privacy/ledger/actions/registers.py: timedelta(days=92)": "how long before its pruning a row is named anew",
    "privacy/ledger/actions/registers.py: timedelta(days=settings.LEDGER_KEEP_MONTHS * 30)": "the operator's setting",
    "privacy/ledger/admin/checkpoints.py: timedelta(minutes=2)": "when the sequencer counts as late",
    "privacy/ledger/entries/lookup_by_time.py: timedelta(minutes=6)": "tolerance of clocks",
    "privacy/ledger/review/detection_rules.py: timedelta(minutes=10)": "what is one burst; the guide gives no number",
    "privacy/jobs/clock_gate.py: timedelta(minutes=5)": "tolerance of clocks",
    "privacy/lib/registries/deadlines.py: timedelta(days=7)": "what the first page shows ahead",
    "privacy/lib/dates/periods.py: timedelta(last_on.day + 2)": "where the search for a day begins",
    "privacy/lib/http/guest_session.py: timedelta(minutes=30)": "length of a session",
    "privacy/policies/actions/publication.py: timedelta(365)": "how long a past revision stays on the board",
    "privacy/retention/actions/archive_access.py: timedelta(hours=24)": "how long an opened record stays open",
    "privacy/retention/actions/reconciliation.py: timedelta(days=45)": "how far back a check looks",
    "privacy/retention/actions/reconciliation.py: timedelta(hours=24)": "when a job counts as stuck",
    "privacy/retention/actions/clock_anomalies.py: timedelta(hours=6)": "what is a clock anomaly",
    "privacy/retention/archive/preservation.py: timedelta(days=longest * 31)": "bounds the search",
    "privacy/retention/schedule/due_page.py: timedelta(hours=36)": "when the sweep counts as silent",
    "privacy/rights/actions/holiday_due_dates.py: timedelta(days=31)": "how far a holiday can move a term",
    "privacy/rights/actions/holiday_due_dates.py: timedelta(days=400)": "how far back a holiday can move a term",
    "privacy/rights/actions/resubmission.py: timedelta(minutes=5)": "what is still being written",
    "privacy/rights/consistency_checks.py: timedelta(minutes=10)": "what is still being written",
    "privacy/rights/tasks.py: timedelta(seconds=90)": "when the worker takes over",
    "privacy/incidents/supplement_deadlines.py: timedelta(hours=24)": "when what is owed at once is looked at again",
    "privacy/vault/actions/key_rotation.py: timedelta(minutes=(time.monotonic() - began) // 60)": "60 s make a minute",
    "privacy/safeguards/calendar_feed.py: timedelta(days=366)": "what a calendar feed shows",
    "privacy/safeguards/automated_checks/infrastructure.py: timedelta(hours=30)": "schedule of the portal's own checks",
    "privacy/safeguards/automated_checks/infrastructure.py: timedelta(days=40)": "schedule of the portal's own checks",
    "privacy/safeguards/automated_checks/infrastructure.py: timedelta(days=92)": "schedule of the portal's own checks",
    "privacy/safeguards/automated_checks/web_security.py: timedelta(days=14)": "when a certificate is renewed",
    "privacy/safeguards/automated_checks/software.py: timedelta(hours=24)": "schedule of the portal's own checks",
    "privacy/safeguards/reminders.py: timedelta(days=3)": "when a reminder begins",
    "consents/models/decisions.py: timedelta(minutes=5)": "tolerance of clocks",
    "consents/advertising.py: timedelta(days=30)": "how long before the last day people are asked",
    "consents/tasks.py: timedelta(hours=2)": "how long before a destruction an unproven address is told after all",
    "devices/actions/idempotency.py: timedelta(days=7)": "how long an answer is given again",
    "devices/actions/idempotency.py: timedelta(seconds=60)": "when a writer counts as dead",
    "devices/actions/challenges.py: timedelta(minutes=30)": "how long a code can be confirmed",
    "devices/actions/gateways.py: timedelta(days=7)": "overlap of two tokens",
    "devices/actions/gateways.py: timedelta(minutes=2)": "window of a rate limit",
    "devices/actions/imports.py: time(12)": "the hour that a day without one is taken for",
    "devices/actions/report_acceptance.py: timedelta(minutes=5)": "tolerance of clocks",
    "devices/actions/report_acceptance.py: timedelta(days=366)": "how old a report may arrive",
    "devices/actions/statistics.py: timedelta(days=90)": "how long a batch is answered again",
    "devices/retention_expiry.py: timedelta(days=UNCONFIRMED_LOOK_BACK_DAYS)": "how far back the sweep looks again",
    "devices/models/gateways.py: timedelta(days=365)": "lifetime of a token",
    "devices/models/reports.py: timedelta(days=3)": "when a day's count is closed",
    "devices/tasks.py: timedelta(days=7)": "when a month is put in order",
    "config/dashboard.py: timedelta(minutes=2)": "when the dispatcher counts as late",
    "config/dashboard_counts.py: timedelta(days=SOON_DAYS)": "what counts as soon",
    "privacy/vault/keyservice/signing_policy.py: timedelta(minutes=5)": "tolerance of clocks",
}


def sources() -> Iterator[tuple[str, str]]:
    for root in ROOTS:
        for path in sorted((ROOT / root).rglob("*.py")):
            if not set(LEFT_OUT) & set(path.parts):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def integers(node: ast.AST, names: dict[str, ast.AST], seen: frozenset[str] = frozenset()) -> Iterator[int]:
    """Yield the integers in an expression, also behind names; what another call returns is that call's matter."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield node.value
    elif isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in names and name not in seen:
            yield from integers(names[name], names, seen | {name})
    elif not isinstance(node, ast.Call | ast.Subscript):
        for child in ast.iter_child_nodes(node):
            yield from integers(child, names, seen)


def assigned(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield every name that is given a value somewhere in a module, at whatever depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=True):
                        if isinstance(name, ast.Name):
                            yield name.id, value
                elif isinstance(target, ast.Name):
                    yield target.id, node.value


def literal_periods(source: str, elsewhere: dict[str, ast.AST]) -> Iterator[str]:
    """Yield the calls of a module that take a period and get an integer from code."""
    tree = ast.parse(source)
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    upper = {name: value for name, value in elsewhere.items() if name in imported}
    # ``module.CONSTANT``: a constant of another module is known by its name alone.
    upper |= {node.attr: elsewhere[node.attr] for node in ast.walk(tree)
              if isinstance(node, ast.Attribute) and node.attr.isupper() and node.attr in elsewhere}  # fmt: skip
    names = upper | dict(assigned(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        # ``time.time()`` and ``moment.time()`` make no time of day.
        if name not in PERIODS or (name == "time" and not isinstance(called, ast.Name)):
            continue
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(number not in PLAIN for value in values for number in integers(value, names)):
            yield ast.unparse(node)


def constants() -> dict[str, ast.AST]:
    """Return every constant of our modules by its name."""
    return {
        name: value
        for _path, source in sources()
        for name, value in assigned(ast.parse(source))
        if name.isupper() and isinstance(value, ast.Constant | ast.Tuple | ast.BinOp)
    }


@pytest.mark.truth("16")
def test_every_period_that_is_a_literal_has_its_reason() -> None:
    elsewhere = constants()
    found = {f"{path}: {call}" for path, source in sources() for call in literal_periods(source, elsewhere)}
    assert found - set(OURS) == set(), "read the number from the rulebook, or say in OURS whose number it is"
    assert set(OURS) - found == set(), "exceptions that are not needed any more"


@pytest.mark.truth("16")
@pytest.mark.parametrize(
    "source",
    [
        "timedelta(days=10)",
        "YEARS = 3\nperiods.period_end(day, years=YEARS)",
        "from datetime import time\nNIGHT = (time(21), time(8))",
        "def due(day):\n    days = 10\n    return answer_due(day, days=days)",
        "from privacy.retention.schedule.retention_rules import LONGEST\nperiods.hours_due(at, hours=LONGEST)",
        "periods.hours_due(at, hours=terms.LONGEST)",
    ],
)
def test_a_literal_is_found_where_it_reaches_a_period(source: str) -> None:
    assert list(literal_periods(source, {"LONGEST": ast.Constant(72)}))


@pytest.mark.parametrize(
    "source",
    [
        "timedelta(days=1)",
        "period_end(day, years=rulebook.parameter('a.years', on))",
        "time.time(5)",
        "timedelta(days)",
    ],
)
def test_what_the_rulebook_says_is_no_literal(source: str) -> None:
    assert not list(literal_periods(source, {}))
