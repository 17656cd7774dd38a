"""The closed form: factors, equation, text, file."""
