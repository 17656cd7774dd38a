"""A run: plan, stages, folder, terminal."""
