"""What a long-running process needs: the signal to shut down."""
