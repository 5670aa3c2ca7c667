"""Reading files of strangers in a process of its own: limited, without network, database, keys or files."""
