"""Known systems, and the theory of chains."""
