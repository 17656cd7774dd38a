"""What the structure of a law conserves: rates of change, known invariants, kernels, walls."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.conserved import Kept, Kind, Quantity, conserved_quantities
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.coupled import COUPLED

a, b, c = sympy.symbols("a b c", real=True)
PAIR = ("a", "b")
SCHROEDINGER = COUPLED["schroedinger"].law
REACTION = Law(F=Factor.of(a**4 + b**4), q=Factor.of(a**2), m=Factor.of(a**2 - a * b + b**2), fields=PAIR)
BBM = Law(F=Factor.of(u**3), q=Factor.of(1), w=Factor.of(k / (1 + 0.1 * k**2)))
DAMPED = Law(
    F=Factor.of((a**2 + b**2) ** 2), w=Factor.of(a * b), m=Factor.of(0.1 * (a**2 + b**2)), fields=PAIR
)
TILTED = Law(F=Factor.of((a**2 + b**2) ** 2), w=Factor.of(a * b + 2 * k**2 * a * b), fields=PAIR)
PLANE = Law(
    F=Factor.of((a**2 + b**2) ** 2),
    q=Factor.of((kx**2 + 2 * ky**2) * (a**2 + b**2)),
    w=Factor.of(a * b),
    lengths=(6.0, 5.0),
    fields=PAIR,
)
THREE = Law(
    F=Factor.of(a**4 + b**4 + c**4 + a * b * c),
    q=Factor.of(k**2 * a**2 + k**2 * b**2 + c**2),
    w=Factor.of(a * b + k * c**2),
    fields=("a", "b", "c"),
)
LAWS = {
    **{name: system.law for name, system in {**CATALOG, **COUPLED}.items() if system.law.ndim == 1},
    "reaction": REACTION,
    "BBM": BBM,
    "damped": DAMPED,
    "tilted": TILTED,
    "plane": PLANE,
    "three": THREE,
}


def found(law: Law) -> dict[str, Quantity]:
    """The quantities of a law by name."""
    return {quantity.name: quantity for quantity in conserved_quantities(law)}


def smooth(law: Law, seed: int = 0) -> tuple[np.ndarray, Domain]:
    """A field of low modes, on so many points that no product of the law is aliased."""
    points = 96 if law.ndim == 1 else 24
    domain = law.box.resampled((points,) * law.ndim)
    shape = (*([len(law.fields)] if law.several else []), *domain.shape)
    noise = np.random.default_rng(seed).normal(size=shape)
    low = domain.restrict(noise, domain.within(2.5 * domain.k_unit))
    return law.centre + 0.3 + 0.5 * low / np.std(low), domain


def rate(law: Law, quantity: Quantity) -> float:
    """|⟨δC/δu, u_t⟩| relative to the norms of both."""
    field, domain = smooth(law)
    functional = quantity.functional.energy(domain)
    with torch.no_grad():
        gradient = domain.ifft(functional.gradient(domain.fft(torch.as_tensor(field - law.centre)))).numpy()
    change = law.rhs(field)
    return abs(float((gradient * change).sum())) / float(np.linalg.norm(gradient) * np.linalg.norm(change))


@pytest.mark.parametrize("name", LAWS)
def test_rate_of_change_is_zero_where_a_law_conserves_a_quantity_and_not_elsewhere(name: str) -> None:
    law = LAWS[name]
    for quantity in conserved_quantities(law):
        if quantity.kept is Kept.NOT:
            assert rate(law, quantity) > 1e-4, str(quantity)
        else:
            assert rate(law, quantity) < 1e-10, str(quantity)


@pytest.mark.parametrize(
    ("law", "text"),
    [
        (CATALOG["kdv"].law, "momentum ∫ 0.5 u^2 dx"),
        (CATALOG["benjamin_ono"].law, "momentum ∫ 0.5 u^2 dx"),
        (BBM, "momentum ∫ 0.5 u^2 + 0.05 u_x^2 dx"),
        (SCHROEDINGER, "momentum ∫ 0.5 a b_x - 0.5 a_x b dx"),
        (SCHROEDINGER, "norm ∫ a^2 + b^2 dx"),
        (COUPLED["shallow_water"].law, "momentum ∫ h v dx"),
        (COUPLED["p_system"].law, "momentum ∫ -r v dx"),
        (COUPLED["sine_gordon"].law, "momentum ∫ 0.5 u v_x - 0.5 u_x v dx"),
        (PLANE, "momentum along y ∫ -0.5 a b_y + 0.5 a_y b dx dy"),
    ],
)
def test_known_invariants_come_out(law: Law, text: str) -> None:
    assert text in [quantity.text for quantity in conserved_quantities(law)]


def test_sum_of_fields_is_conserved_where_its_parts_are_not() -> None:
    quantities = found(REACTION)
    assert quantities["∫ a dx"].kept is quantities["∫ b dx"].kept is Kept.NOT
    assert quantities["∫ (a + b) dx"].kept is Kept.EXACTLY
    slower = REACTION.with_values(
        REACTION.values() * np.where(np.arange(len(REACTION.values())) == 3, 1.1, 1)
    )
    assert "∫ (a + b) dx" not in found(slower)


@pytest.mark.parametrize("name", [*CATALOG, *COUPLED])
def test_integrals_are_those_that_K_at_rest_leaves(name: str) -> None:
    law = {**CATALOG, **COUPLED}[name].law
    integrals = [q for q in conserved_quantities(law) if q.kind is Kind.INTEGRAL]
    assert len(integrals) == len(law.fields)
    assert all(q.kept is Kept.EXACTLY for q in integrals) == law.conserves_mean


def test_walls_keep_no_momentum_and_let_a_field_out_where_it_is_0() -> None:
    closed, open_ = (CATALOG["cahn_hilliard"].between(walls).law for walls in ("noflux", "zero"))
    assert found(closed)["∫ u dx"].kept is Kept.EXACTLY
    assert found(open_)["∫ u dx"].kept is Kept.NOT
    assert "walls" in found(open_)["∫ u dx"].why
    tube = Law(
        F=Factor.of(a * b**2),
        w=Factor.of(k * a * b),
        fields=PAIR,
        parities=((1,), (-1,)),  # type: ignore[arg-type]
    )
    assert not [q for q in conserved_quantities(tube) if q.kind is Kind.MOMENTUM]


def test_W_with_a_kernel_has_no_momentum() -> None:
    kernel = Law(F=Factor.of(u**3), w=Factor.of(k - 0.25 * k**3))  # 0 at k = 2
    assert "momentum" not in found(kernel)
    below = Law(F=Factor.of(u**3), w=Factor.of(k - 0.25 * k**3), band=1.5)
    assert found(below)["momentum"].kept is Kept.EXACTLY


def test_charge_needs_the_rotation_and_says_how_far_it_holds() -> None:
    broken = Law(F=Factor.of(a**4 + b**4), w=Factor.of(a * b), fields=PAIR)
    assert not [q for q in conserved_quantities(broken) if q.kind is Kind.CHARGE]
    values = SCHROEDINGER.values()
    values[0] *= 1 + 1e-6
    nearly = found(SCHROEDINGER.with_values(values))["norm"]
    assert nearly.kept is Kept.NEARLY
    assert "but for 5e-07 of the coefficients" in nearly.why
    assert found(SCHROEDINGER)["norm"].kept is Kept.EXACTLY
    assert found(THREE).keys() >= {"momentum", "energy V"}
    assert found(DAMPED)["norm"].kept is Kept.NOT


def test_formula_that_is_too_long_is_named() -> None:
    w = k * a**2 + 0.7 * k * b**2 + 0.3 * k**3 * a * b + 0.1 * a * b
    momentum = found(Law(F=Factor.of(a**4 + b**4), w=Factor.of(w), fields=PAIR))["momentum"]
    assert momentum.text == "momentum ½⟨u, W⁻¹∂_x u⟩"
    assert momentum.formula == r"\frac{1}{2} \langle u, W^{-1} \partial_x u \rangle"
    assert rate(momentum.functional, momentum) < 1e-10


@pytest.mark.parametrize(
    "w",
    [k * sympy.exp(-0.2 * k**2) + 0.3 * k, sympy.tanh(0.7 * k), k * sympy.Abs(k) ** 1.5, k * sympy.Abs(k)],
)
def test_momentum_of_symbols_that_are_no_polynomials(w: sympy.Expr) -> None:
    law = Law(F=Factor.of(u**3), q=Factor.of(k**2), w=Factor.of(w))
    assert rate(law, found(law)["momentum"]) < 1e-10
