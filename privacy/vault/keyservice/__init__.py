"""The key service: a process of its own holds the keys, and gives what a committed access record names, no more."""
