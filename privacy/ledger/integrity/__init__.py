"""Is the stored trail sound: append-only guards, verification against checkpoints, pruning with certificates."""
