"""Distil a trained network into a Law in closed form, and simulate laws, known or found."""

from symbolic.catalog import simulate
from symbolic.distill import distill  # eager: a lazy name would be shadowed by the module of the same name
from symbolic.law import Law

__all__ = ["Law", "distill", "simulate"]
