"""Servers that somebody else runs: e-mail by SMTP, the malware scanner clamd."""
