"""`python -m mesoscribe`."""

from mesoscribe.cli import main

main()
