"""Forms of the pages of individual notices."""

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.campaigns.models import Delivery
from privacy.lib.dates.form_fields import BoundedDateField


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class PaceForm(forms.Form):
    """How many messages of a notice go out in a minute."""

    per_minute = forms.IntegerField(
        label=_("Messages a minute"), required=False, min_value=1, max_value=1_000_000,
        help_text=_("Leave empty for as many as possible."),
    )  # fmt: skip


class OfflineNoticeForm(forms.Form):
    """How a person was told, and when."""

    way = forms.ChoiceField(
        label=_("Notification method"), widget=forms.RadioSelect,
        choices=[one for one in Delivery.Way.choices if one[0] not in {Delivery.Way.DEVICE, Delivery.Way.KAKAO}],
    )  # fmt: skip
    on = BoundedDateField(label=_("On"))
