"""Learn u_t = -(M + W) δV/δu from trajectories of a field: read, fit, simulate.

Rooms, each of which imports those above it: space, energy, data, readers, dynamics, chain, regression, learn.
"""
