"""The two period functions under the path that scripts rely on; the code imports ``lib.dates.periods``."""

from privacy.lib.dates.periods import answer_due, period_end

__all__ = ["answer_due", "period_end"]
