"""Certificates of destruction: what they state, how they are printed, whether a document is authentic."""
