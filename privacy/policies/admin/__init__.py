"""The policy in the officer's console, split by noun."""

from privacy.policies.admin import drafts, notices, officers, parameters, published_texts, versions

__all__ = ["drafts", "notices", "officers", "parameters", "published_texts", "versions"]
