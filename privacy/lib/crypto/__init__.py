"""Canonical JSON and its digest, the portal's document signature, pooled random bytes for what is no secret."""
