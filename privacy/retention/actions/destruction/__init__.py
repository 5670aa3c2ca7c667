"""Executing a destruction list step by step: keys, rows, read-back, certificate."""
