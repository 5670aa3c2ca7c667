"""A witness for another host, an auditor or the regulator, and the notary's asking of any (C2SP tlog-witness)."""
