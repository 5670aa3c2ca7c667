"""The probes themselves, by what they look at; importing this package registers all of them."""

from privacy.safeguards.automated_checks import infrastructure, organisation, software, web_security

__all__ = ["infrastructure", "organisation", "software", "web_security"]
