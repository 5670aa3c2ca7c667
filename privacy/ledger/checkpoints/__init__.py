"""Signed tree heads: the notary, its signed notes, and the anchors outside the database."""
