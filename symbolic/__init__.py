"""Distil a trained network into a Law in closed form, and simulate laws, known or found.

Rooms, each of which imports those above it: law, systems, read, refine, select, export.
"""
