"""What this app holds of people, why, how long, and how it is shown, corrected and destroyed (P3.1 … P3.3, P6)."""

from devices import actions, dues, exports
from devices.actions.registration import ITEMS
from devices.models import AppLog, Device, ImportedRow, Licence, Report
from privacy.subjects import holdings

holdings.declare(
    Device,
    category="device-registration",
    subject="subject_id",
    clock="licence-expiry",
    using="personal",
    items={item: item for item in ITEMS},
    export=exports.registration,
    correct=actions.correct_registration,
    destroy=actions.remove_registrations,
    due=dues.registrations_due,
    is_due=dues.registrations_over,
    recorded="registered_at",
)
holdings.declare(
    Licence,
    category="device-registration",
    subject="device_id",
    clock="licence-expiry",
    using="personal",
    items={"licence_key": "key"},
    export=exports.licences,
    correct=actions.correct_registration,
    destroy=actions.remove_licences,
    recorded="recorded_at",
)
holdings.declare(
    Report,
    category="service-analytics",
    subject="device_id",
    clock="service-end",
    using="personal",
    items={
        "status": "body",
        "activation": "body",
        "access_count": "body",
        "access": "body",
        "app_status": "body",
        "configuration": "body",
    },
    export=exports.reports,
    correct=actions.correct_report,
    destroy=actions.remove_reports,
    due=dues.analytics_due,
    is_due=dues.analytics_over,
    kind="kind",
    recorded="occurred_at",
    month="occurred_at",
    destroy_month=actions.drop_reports_month,
)
holdings.declare(
    AppLog,
    category="app-log",
    subject="device_id",
    clock="purpose-achieved",
    using="personal",
    items={"app_log": "body"},
    export=exports.app_logs,
    correct=actions.correct_app_log,
    destroy=actions.remove_app_logs,
    due_months=dues.app_log_months_due,
    destroy_month=actions.drop_app_logs_month,
    kind="kind",
    kinds=("app-log",),
    recorded="occurred_at",
    month="occurred_at",
)
holdings.declare(
    ImportedRow,
    category="device-registration",
    subject="id",
    clock="licence-expiry",
    using="personal",
    items={},
    destroy=actions.remove_imported_rows,
)
