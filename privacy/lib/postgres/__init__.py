"""PostgreSQL as we use it: pipelined connections, cache invalidation, advisory locks, planner hints."""
