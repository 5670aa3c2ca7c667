"""What this app holds of people, why, how long, and how it is shown, corrected and destroyed (P3.1 … P3.3, P6)."""

from devices import actions, exports, items, retention_expiry, sources
from devices.models import AppLog, Device, ImportedRow, Kind, Licence, Report, SettledError
from privacy.policies.categories import APP_LOG, DEVICE_REGISTRATION, SERVICE_ANALYTICS
from privacy.subjects import holdings

holdings.declare(
    Device,
    category=DEVICE_REGISTRATION,
    subject="subject_id",
    clock="licence-expiry",
    using="personal",
    items={item: item for item in items.CODES},
    export=exports.registration,
    sources=sources.of_registrations,
    correct=actions.correct_registration,
    destroy=actions.remove_registrations,
    due=retention_expiry.registrations_due,
    is_due=retention_expiry.registrations_still_due,
    known_from=retention_expiry.licences_known_from,
    recorded="registered_at",
)
holdings.declare(
    Licence,
    category=DEVICE_REGISTRATION,
    subject="device_id",
    clock="licence-expiry",
    using="personal",
    items={items.LICENCE_KEY.code: "key"},
    export=exports.licences,
    sources=sources.of_licences,
    correct=actions.correct_registration,
    destroy=actions.remove_licences,
    recorded="recorded_at",
)
holdings.declare(
    Report,
    category=SERVICE_ANALYTICS,
    subject="device_id",
    clock="service-end",
    using="personal",
    items={item.code: "body" for item in items.REPORTS if item.category == SERVICE_ANALYTICS},
    export=exports.reports,
    export_slice=exports.reports_slice,
    sources=sources.of_reports,
    arrived="received_at",
    correct=actions.correct_report,
    destroy=actions.remove_reports,
    due=retention_expiry.analytics_due,
    is_due=retention_expiry.analytics_still_due,
    kind="kind",
    recorded="occurred_at",
    month="occurred_at",
    destroy_month=actions.drop_reports_month,
)
holdings.declare(
    AppLog,
    category=APP_LOG,
    subject="device_id",
    clock="purpose-achieved",
    using="personal",
    items={item.code: "body" for item in items.REPORTS if item.category == APP_LOG},
    export=exports.app_logs,
    export_slice=exports.app_logs_slice,
    sources=sources.of_app_logs,
    arrived="received_at",
    correct=actions.correct_app_log,
    destroy=actions.remove_app_logs,
    due_months=retention_expiry.app_log_months_due,
    destroy_month=actions.drop_app_logs_month,
    kind="kind",
    kinds=(Kind.APP_LOG.value,),
    recorded="occurred_at",
    month="occurred_at",
)
holdings.declare(
    ImportedRow,
    category=DEVICE_REGISTRATION,
    subject="id",
    clock="licence-expiry",
    using="personal",
    items={},
    destroy=actions.remove_imported_rows,
    sources=sources.of_imported_rows,
)
holdings.declare_pseudonymous(
    SettledError, subject="device_id", why="proof that the purpose of app logs ended: a device's id and moments (P6.3)"
)
