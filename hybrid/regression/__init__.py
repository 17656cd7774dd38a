"""Weak form, factorisation of rank one, class test: from data to a first member of the class."""
