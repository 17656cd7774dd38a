"""Terms of the energy V, their values and gradients."""
