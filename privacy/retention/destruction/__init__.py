"""What a destruction asks, logs and says: blockers, journal outside the databases, read-back, wording; reads only."""
