"""Coefficients from roll-outs, and derivatives of these."""
