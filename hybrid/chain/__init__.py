"""Chains of particles: force, simulation, coarse-graining."""
