"""Identifiers: UUIDs of version 7, references for people, access codes."""
