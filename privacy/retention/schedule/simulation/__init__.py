"""What the coming sweeps would destroy and archive by one rulebook and by another; reads only (decision 0369)."""
