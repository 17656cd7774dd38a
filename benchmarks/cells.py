"""Independent cells of a benchmark, shared among processes of this machine or of a dask cluster."""

from __future__ import annotations

import argparse

from mesoscribe.hybrid.space.cluster import Workers


def ask_for_workers(parser: argparse.ArgumentParser) -> None:
    """Give a command line the options --jobs and --cluster."""
    parser.add_argument("--jobs", type=int, default=1, help="Cells at a time, on this machine.")
    parser.add_argument("--cluster", help="Of dask: address or file of its scheduler, or local.")


def workers(arguments: argparse.Namespace) -> Workers:
    """The processes that a command line asks for."""
    return Workers(arguments.jobs, arguments.cluster)
