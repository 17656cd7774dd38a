"""Numbers, with their errors."""
