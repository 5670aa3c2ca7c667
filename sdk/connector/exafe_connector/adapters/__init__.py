"""Adapters: one for each kind of system, behind the interface of ``adapter.py``."""
