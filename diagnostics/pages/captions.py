"""Titles of the figures of a report, and what to look for in each."""

from __future__ import annotations

LOOK_FOR = {
    "errors": (
        "Error against lead time",
        "The law should follow the network or lie below it, and both stay far below persistence (tomorrow = "
        "today). Bands are one standard deviation over trajectories.",
    ),
    "slope": (
        "The pointwise energy",
        "Left F′, right F and the density of V0 = ∫ F + ½ a u² dx, a the constant of q(k), of law and "
        "network in canonical form. Trust neither where there are no data.",
    ),
    "symbols": (
        "The operators and the quadratic energy",
        "Points are free parameters of the network, one for each mode, in the law's scale and sign of V; the "
        "law's curve should pass through those that the data determine, the low modes first. A negative m(k) "
        "of the network means that the law, which dropped it, has the other sign of V.",
    ),
    "pictures": (
        "A test trajectory",
        "Look at the scale of the last panel, and whether the difference has a structure: a travelling "
        "pattern is an error of speed, a growing one an error of the energy. In three dimensions: the plane "
        "in the middle of the box, and the largest value along z.",
    ),
    "pictures_network": (
        "The same trajectory and the network",
        "What the law leaves out of the network, or puts right: compare the scales of the last panels.",
    ),
    "energy": (
        "Energy along roll-outs",
        "With M ≠ 0 the energy may only fall, with M = 0 it may not change: what it does on the right is "
        "then the error of the integrator (law) or a weak M (network). V is in the law's convention, so "
        "it may be negative.",
    ),
    "onestep": (
        "Energy change of one step",
        "Where M ≠ 0 the energy falls in proportion to the step: exponent 1. Where M = 0 what is left is the "
        "error of the integrator, with an exponent of its order plus one or more. Filled: fitted.",
    ),
    "match": (
        "Learned against true energy",
        "V of the test snapshots, both in canonical form, on the modes that are evolved: a slope of 1 says "
        "that all of the energy that data can determine was found.",
    ),
}

SCALING = {
    "scaling": (
        "Amplitude scaling",
        "Thick where the exponent in the legend was fitted. The raw components hold what the data cannot "
        "determine; compare theory with the canonical ones.",
    ),
}

FAME = {
    "pareto": (
        "Complexity against error",
        "Every law that was fitted. The line is the front: laws that none with as few coefficients beats.",
    )
}
