"""Retention in the officer's console, split by noun."""

from privacy.retention.admin import archive, holds, lists, proofs, watch

__all__ = ["archive", "holds", "lists", "proofs", "watch"]
