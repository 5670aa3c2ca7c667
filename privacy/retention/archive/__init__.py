"""The archive: which records a law preserves, and how they are grouped and read."""
