"""The probes themselves, by what they look at; importing this package registers all of them."""

from privacy.safeguards.looks import inside, outside, software

__all__ = ["inside", "outside", "software"]
