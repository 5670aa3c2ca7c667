"""What leaves the portal on record: bundles and proofs of the log, registers, documents, the review sheet."""
