"""The box: its points, axes, modes and transforms."""
