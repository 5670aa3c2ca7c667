"""Canonical JSON and its digest, commitments to a value, the portal's document signature, pooled random bytes."""
