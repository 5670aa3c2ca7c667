"""A client of the privacy portal for device gateways."""

from exafe_gateway.answers import (
    Agreement,
    BatchAnswer,
    Challenge,
    Consents,
    Contact,
    Device,
    Licence,
    Message,
    MessageText,
    Permission,
    Receipt,
    Registration,
    Representative,
)
from exafe_gateway.courier import Courier
from exafe_gateway.gateway import Delivered, Gateway
from exafe_gateway.problems import (
    Ended,
    GatewayError,
    NotAuthorized,
    Problem,
    ProblemItem,
    TryLater,
    UnexpectedAnswer,
    Unreachable,
)
from exafe_gateway.queue import Refused, ReportQueue
from exafe_gateway.reports import (
    Access,
    AccessCount,
    Activation,
    AppLog,
    AppStatus,
    Configuration,
    Report,
    Status,
)
from exafe_gateway.transport import Transport

__all__ = [
    "Access",
    "AccessCount",
    "Activation",
    "Agreement",
    "AppLog",
    "AppStatus",
    "BatchAnswer",
    "Challenge",
    "Configuration",
    "Consents",
    "Contact",
    "Courier",
    "Delivered",
    "Device",
    "Ended",
    "Gateway",
    "GatewayError",
    "Licence",
    "Message",
    "MessageText",
    "NotAuthorized",
    "Permission",
    "Problem",
    "ProblemItem",
    "Receipt",
    "Refused",
    "Registration",
    "Report",
    "ReportQueue",
    "Representative",
    "Status",
    "Transport",
    "TryLater",
    "UnexpectedAnswer",
    "Unreachable",
]
