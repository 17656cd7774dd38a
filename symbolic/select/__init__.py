"""Which terms a law has."""
