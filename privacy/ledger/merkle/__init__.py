"""The RFC 6962 hash tree: growing it, sealing entries into it, reading the log from the database and as tiles."""
