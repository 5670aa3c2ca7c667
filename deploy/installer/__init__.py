"""``deploy/install``: an installation from one file, step by step, each of which can be repeated."""
