"""A device's reference as another name of the person who uses it."""

from collections.abc import Collection

from devices.models import Device


def pseudonyms(name: str) -> Collection[str]:
    """Return the person behind a device's reference; nothing for another name."""
    if not name.upper().startswith("D-"):
        return ()
    behind = Device.objects.filter(reference=name.upper()).values_list("subject_id", flat=True)
    return [str(subject) for subject in behind]
