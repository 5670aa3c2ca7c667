"""The one table of periodic jobs. ``manage.py sync_schedules`` makes django-q2's schedules equal to it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """A function without arguments and when it rings: a cron line in KST."""

    name: str
    function: str
    cron: str


SCHEDULES = (
    Job("deliveries", "privacy.jobs.tasks.dispatch_internal", "* * * * *"),
    Job("deliveries-outside", "privacy.jobs.tasks.dispatch_external", "* * * * *"),
    Job("sign-in-tidy", "privacy.accounts.tasks.delete_expired", "25 3 * * *"),
    Job("emergencies-escalate", "privacy.accounts.tasks.escalate_emergencies", "15 * * * *"),
    Job("freezes-expire", "privacy.vault.tasks.expire_freezes", "*/10 * * * *"),
    Job("safeguards-look", "privacy.safeguards.tasks.run_automated_checks", "20 6 * * *"),
    Job("safeguards-remind", "privacy.safeguards.tasks.remind", "35 8 * * *"),
    Job("files-scan", "privacy.vault.tasks.scan_files", "* * * * *"),
    Job("key-ceilings", "privacy.vault.tasks.report_ceilings", "* * * * *"),
    Job("master-key-turn", "privacy.vault.tasks.rotate_master_key", "*/5 2-4 * * *"),
    Job("rights-resume", "privacy.rights.tasks.resume", "* * * * *"),
    Job("rights-inbox", "privacy.rights.tasks.read_inbox", "* * * * *"),
    Job("rights-texts", "privacy.rights.tasks.read_texts", "* * * * *"),
    Job("rights-remind", "privacy.rights.tasks.remind", "30 8 * * *"),
    Job("policy-takes-effect", "privacy.policies.tasks.take_effect", "5 0 * * *"),
    Job("versions-predict", "privacy.retention.tasks.predict", "55 2 * * *"),
    Job("sweep", "privacy.retention.tasks.sweep", "30 3 * * *"),
    Job("disclosure-scans-tidy", "privacy.disclosures.tasks.discard_orphaned_scans", "40 * * * *"),
    Job("recipients-overdue", "privacy.disclosures.tasks.escalate_overdue", "15 8 * * *"),
    Job("notices-end", "privacy.campaigns.tasks.end_undeliverable", "5 * * * *"),
    Job("business-newcomers", "privacy.processors.tasks.tell_newcomers", "25 * * * *"),
    Job("retention-reconcile", "privacy.retention.tasks.reconcile", "45 4 * * *"),
    Job("retention-resume", "privacy.retention.tasks.resume", "*/5 * * * *"),
    Job("report-partitions", "devices.tasks.make_partitions", "10 2 * * *"),
    Job("report-statistics", "devices.tasks.count_statistics", "*/5 * * * *"),
    Job("app-logs-served", "devices.tasks.remove_expired_logs", "25 1 * * *"),
    Job("report-months-in-order", "devices.tasks.cluster_closed_months", "50 2 * * *"),
    Job("intake-tidy", "devices.tasks.delete_expired", "20 3 * * *"),
    Job("advertising-confirmations", "consents.tasks.confirm_advertising", "40 8 * * *"),
    Job("system-identifiers-tidy", "privacy.systems.tasks.remove_left_over", "50 * * * *"),
    Job("events-tidy", "privacy.office_api.tasks.remove_old_events", "15 1 * * *"),
    Job("holds-end-elsewhere", "privacy.retention.tasks.release_ended_holds", "10 0 * * *"),
    Job("stopped-destructions-close", "consents.tasks.close_stopped", "55 4 * * *"),
    Job("representatives-expire", "consents.tasks.expire_requests", "35 * * * *"),
    Job("people-come-of-age", "consents.tasks.tell_of_age", "15 9 * * *"),
    Job("consent-counts", "consents.tasks.count_decisions", "20 0 * * *"),
    Job("ledger-partitions", "privacy.ledger.tasks.make_partitions", "15 2 * * *"),
    Job("ledger-scrub", "privacy.ledger.tasks.start_scrub", "30 4 * * *"),
    Job("ledger-scrub-resume", "privacy.ledger.tasks.continue_scrub", "*/5 * * * *"),
    Job("ledger-pairing", "privacy.ledger.tasks.reconcile_writes", "15 4 * * *"),
    Job("ledger-reviews", "privacy.ledger.tasks.open_reviews", "0 5 * * *"),
    Job("access-reviews", "privacy.workforce.tasks.maintain_access", "20 5 * * *"),
    Job("workforce-remind", "privacy.workforce.tasks.remind", "50 8 * * *"),
)
