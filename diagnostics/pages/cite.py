"""How to cite what made a law."""

from __future__ import annotations

CITED = (
    "mesoscribe, with its version, for the law, its errors and the checks",
    "Li, Zhu, Li: Hypothesis-driven construction of mesoscopic dynamics, arXiv:2605.16211, for the class of "
    "equations",
    "Brunton, Proctor, Kutz: Discovering governing equations from data by sparse identification of nonlinear "
    "dynamical systems, PNAS 113 (2016) 3932, for the regression that proposes terms",
)
BIBTEX = """@software{mesoscribe,
  title = {mesoscribe: from trajectories of a field to its mesoscopic equation},
  note  = {version: %s}
}
@misc{li2026hypothesis,
  title         = {Hypothesis-driven construction of mesoscopic dynamics},
  author        = {Li and Zhu and Li},
  eprint        = {2605.16211},
  archiveprefix = {arXiv}
}
"""


def bibtex(version: str) -> str:
    """Entries for a version of the software and for the method."""
    return BIBTEX % version
