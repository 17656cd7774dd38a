"""Trajectories of fields: what is valid, how they are split and written."""
