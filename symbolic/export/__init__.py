"""Every form in which a law leaves."""
