"""What a person is told when something is refused: refusals, and messages for database constraints."""
