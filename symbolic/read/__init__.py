"""From a network to candidate forms."""
