"""What the class test measured, and the verdict that follows."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import t as student

from mesoscribe.hybrid.space.numbers import NUMBERS


@dataclass(frozen=True)
class Shared:
    """What the equations of independent trajectories have in common at the same time: a forcing in x or t.

    With û_t = λ û + Σ_p c_p FT{v^p} + g(k, t) for every trajectory, the difference of two does not know g.

    Args:
        left: squared residual of the equation of the differences from the mean, over that of the equation of
            the trajectories themselves, in the mode where it is smallest; about 1 without a forcing.
        p: probability of so much by chance, over all modes.
        steady: share of the forcing's square that does not change in time.
    """

    left: float
    p: float
    steady: float

    @property
    def significant(self) -> bool:
        """Whether it is large, and no accident."""
        return self.left < NUMBERS.unforced and self.p < NUMBERS.class_chance


@dataclass(frozen=True)
class Structure:
    """What the class asks of n coupled fields, û_t = -K(k) [Q(k) û + FT{∇F}], and how far data are from it.

    Args:
        rank: share of the squared singular values of the nonlinear coefficients of all modes beyond n.
        integrability: share of a nonlinear force that is the gradient of no F, whatever K.
        skew_q: |Q - Qᴴ|/|Q| of the Q that belongs to that F.
        negative_m: the negative eigenvalues of M, the Hermitian part of K, over the norm of K.
        left: squared held-out residuals, over that of an unrestricted regression, of models that ask for
            rank n, moreover for an F, moreover for a Hermitian Q, moreover for M ≥ 0, and of the member.
        no_gradient: a Hermitian Q fails because there is no F under an invertible K.
        scales: how many scales of the energy the data leave free: 1, or one for each block of fields that
            nothing couples.
    """

    rank: float
    integrability: float
    skew_q: float
    negative_m: float
    left: tuple[float, ...]
    no_gradient: bool
    scales: int = 1

    @property
    def freedom(self) -> str:
        """What data leave undetermined beyond one scale of the energy, in a sentence; empty if nothing."""
        if self.scales == 1:
            return ""
        return f"{self.scales} blocks of fields are not coupled: each has a scale of its energy of its own"

    @property
    def reason(self) -> str:
        """The first demand that costs more than the class may, or else the one that costs most."""
        costs = [after / before for before, after in zip((1.0, *self.left), self.left, strict=False)]
        most = max(costs)
        first = next(i for i, cost in enumerate(costs) if cost > NUMBERS.in_class or cost == most)
        return _LACKS[1 if first == _HERMITIAN and self.no_gradient else first]


_HERMITIAN = 2
_LACKS = (
    "the nonlinear terms of all modes are more independent functions than there are fields (their rank)",
    "no combination of the nonlinear terms is the gradient of one energy F (integrability)",
    "the linear part is not the operator of the nonlinear part applied to a quadratic energy (Hermitian Q)",
    "an energy explains the data only if it may grow: the operator M has negative eigenvalues (M ≥ 0)",
    "the operators that were asked for do not explain the data, others do",
)


@dataclass(frozen=True)
class Evidence:
    """What the class test measured on held-out trajectories, on the modes that are resolved in time.

    Args:
        ratio: squared residual of the best member over that of an unrestricted regression, the geometric mean
            over trajectories, or over stretches of time where these are few, that were left out of both.
        z: its logarithm in units of its standard error.
        blocks: how many trajectories or stretches these were.
        explained: share of the variance of -∫φ'û that the best member explains.
        imaginary_q: |Im q|/|q| that the unrestricted regression sees, weighted mean over modes.
        linear: the nonlinear terms do not help, so K and q cannot be told apart.
        shared: what the residuals of all trajectories have in common; None where their times differ.
        derivatives: the unrestricted regression holds terms with derivatives of u in their nonlinearity.
        structure: of several fields, how far each demand of the class is from them; None of one.
        second_order: an equation of second order in time explains what this one does not.
        order_open: one of second order implies so much less white noise that data may be of it.
    """

    ratio: float
    z: float
    blocks: int
    explained: float
    imaginary_q: float
    linear: bool
    shared: Shared | None = None
    derivatives: bool = False
    structure: Structure | None = None
    second_order: bool = False
    order_open: bool = False

    @property
    def forced(self) -> bool:
        """Whether all trajectories feel the same forcing in x or t."""
        return self.shared is not None and self.shared.significant

    @property
    def chance(self) -> float:
        """Largest z that is chance: Student's t for the blocks that there are."""
        return float(student.isf(NUMBERS.class_chance, max(self.blocks - 1, 1)))

    @property
    def one_operator(self) -> bool:
        """Whether one operator and one real energy may explain what an unrestricted regression explains."""
        return self.ratio <= NUMBERS.in_class or self.z <= self.chance

    @property
    def decided(self) -> bool:
        """Whether the comparison, where it rejects nothing, could have: with some blocks, and neither side
        so much worse on data that were left out that there were too few to fit it.
        """
        alike = 1 / NUMBERS.in_class <= self.ratio <= NUMBERS.in_class
        return alike and self.blocks >= NUMBERS.fewest_blocks

    @property
    def in_class(self) -> bool | None:
        """Whether the data belong to the class: one operator, one real energy and no forcing explain them.

        None where they are too few to tell.
        """
        if self.forced or not self.one_operator:
            return False
        return True if self.decided else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the data do not belong to the class, or why that cannot be told; empty if they do."""
        found = []
        if self.shared is not None and self.forced:
            where = "in x" if self.shared.steady > NUMBERS.steady_share else "in t"
            found.append(f"all trajectories share a forcing {where}, which no energy of the field alone has")
        if not self.one_operator:
            found.append(self._mismatch)
        return (TOO_FEW,) if self.in_class is None else tuple(found)

    @property
    def _mismatch(self) -> str:
        if self.structure is not None:
            return self.structure.reason
        if self.derivatives:
            return "nonlinear terms with derivatives, such as u_x², explain what no energy of the class does"
        if self.imaginary_q > NUMBERS.imaginary_q:
            return (
                "the linear part is not the operator of the nonlinear part applied to a real energy "
                "(a drift, a viscosity or an instability of its own)"
            )
        return "the nonlinear parts of the modes are not one function of u under one operator"


TOO_FEW = "too few independent trajectories for the class test: give more"
UNJUDGED = Evidence(ratio=1.0, z=0.0, blocks=0, explained=0.0, imaginary_q=0.0, linear=False)


@dataclass(frozen=True)
class Verdict:
    """What was said of the class when a network was fitted: kept with a run, and not said anew.

    Args:
        in_class: whether the data are of a member, None where they are too few to tell.
        reasons: why not, or why that cannot be told, in words.
        evidence: what was measured.
    """

    in_class: bool | None
    reasons: tuple[str, ...]
    evidence: Evidence

    @classmethod
    def of(cls, evidence: Evidence) -> Verdict:
        """By the rules of today."""
        return cls(evidence.in_class, evidence.reasons, evidence)
