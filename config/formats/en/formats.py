"""English dates as the portal writes them: with the weekday, 24 hours, Korean time."""

DATE_FORMAT = "D j F Y"
DATETIME_FORMAT = "D j F Y, H:i"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
TIME_FORMAT = "H:i"
