"""The equation of motion, its steppers, and the one error."""
