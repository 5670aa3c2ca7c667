"""What was shown before an act: that, and nothing else, is meant."""

from django import forms


class ReadForm(forms.Form):
    """The digest of what was shown, carried unseen."""

    read = forms.CharField(widget=forms.HiddenInput)
