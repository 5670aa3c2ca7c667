"""The policy in the officer's console, split by noun."""

from privacy.policies.admin import drafts, message_templates, notices, officers, parameters, published_texts, versions

__all__ = ["drafts", "message_templates", "notices", "officers", "parameters", "published_texts", "versions"]
