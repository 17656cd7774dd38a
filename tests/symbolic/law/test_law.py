"""One object to read, print, simulate and save."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.judgement import Judgement
from mesoscribe.symbolic.law.law import Law
from tests.support.laws import LAWS, smooth

EVERY_LAW = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
KDV, ALLEN_CAHN = LAWS["KdV"], LAWS["Allen–Cahn"]


def test_heat_equation_decays_mode_by_mode() -> None:
    law, x = Law(q=Factor.of(k**2), m=Factor.of(3), lengths=(4.0,)), np.arange(32) / 8
    t = np.linspace(0, 0.5, 6)
    found = law.simulate(np.cos(np.pi * x), t)
    np.testing.assert_allclose(found, np.exp(-3 * np.pi**2 * t)[:, None] * np.cos(np.pi * x), atol=1e-8)


def test_soliton_of_kdv_keeps_its_shape() -> None:
    speed, length, t = 4.0, 24.0, 1.0
    law = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k), lengths=(length,))
    x = np.arange(128) * length / 128

    def soliton(centre: float) -> np.ndarray:
        return speed / 2 / np.cosh(np.sqrt(speed) / 2 * (x - centre)) ** 2

    last = law.simulate(soliton(10.0), np.array([0.0, t]))[-1]
    assert np.linalg.norm(last - soliton(10.0 + speed * t)) < 1e-5 * np.linalg.norm(last)


def test_transport_in_two_dimensions_moves_the_field() -> None:
    law = Law(q=Factor.of(1), w=Factor.of(2 * kx - ky), lengths=(2 * np.pi, 2 * np.pi))
    x, y = np.meshgrid(*[np.arange(16) * np.pi / 8] * 2, indexing="ij")
    found = law.simulate(np.sin(x + 2 * y), np.array([0.0, 0.3]))[-1]
    np.testing.assert_allclose(found, np.sin(x - 0.6 + 2 * (y + 0.3)), atol=1e-7)


@EVERY_LAW
def test_slope_of_F_in_the_linear_part_changes_neither_equation_nor_energy(law: Law) -> None:
    field = torch.as_tensor(smooth(law, modes=2))
    member = law.member(Domain(field.shape[-law.ndim :], law.lengths))
    moved = member.about(field)
    assert torch.equal(moved.q, member.q) == (not law.F or law.F.terms == (u,))
    torch.testing.assert_close(moved.rhs(field), member.rhs(field), rtol=1e-9, atol=1e-9)
    modes = member.domain.fft(field)
    torch.testing.assert_close(moved.V(modes), member.V(modes), rtol=1e-9, atol=1e-12)


@EVERY_LAW
def test_equation_does_not_depend_on_the_number_of_points(law: Law) -> None:
    field = smooth(law, modes=2)
    finer = np.fft.irfft(np.fft.rfft(field, norm="forward"), n=2 * field.shape[-1], norm="forward")
    np.testing.assert_allclose(law.rhs(finer)[..., ::2], law.rhs(field), rtol=1e-8, atol=1e-8)


def test_law_about_a_centre_is_the_expanded_law() -> None:
    about = Law(F=Factor.of(u**3), q=Factor.of(k**2 + 1), m=Factor.of(k**2), centre=0.5)
    expanded = Law(F=Factor.of(sympy.expand((u - sympy.Rational(1, 2)) ** 3)), q=about.q, m=about.m)
    field = smooth(KDV)
    np.testing.assert_allclose(about.rhs(field), expanded.rhs(field), atol=1e-10)
    t = np.array([0.0, 1e-3, 2e-3])
    np.testing.assert_allclose(about.simulate(field, t), expanded.simulate(field, t), atol=1e-7)


@pytest.mark.parametrize("hold", [False, True])
def test_modes_above_the_band_are_removed_or_held(hold: bool) -> None:
    law = Law(F=KDV.F, q=KDV.q, w=KDV.w, band=4.0, hold=hold)
    u0 = np.random.default_rng(0).normal(size=(2, 32))
    modes = np.fft.rfft(law.simulate(u0, np.array([0.0, 1e-3, 2e-3])))[:, 1:, 5:16]
    expected = hold * np.fft.rfft(u0)[:, None, 5:16]
    np.testing.assert_allclose(modes, np.broadcast_to(expected, modes.shape), atol=1e-11)


def test_energy_falls_by_m_and_is_kept_by_w() -> None:
    field = smooth(ALLEN_CAHN)
    fall = np.diff(ALLEN_CAHN.energies(ALLEN_CAHN.simulate(field, 1e-3 * np.arange(8))).total.numpy(), axis=1)
    assert fall.max() < 0
    energy = KDV.energies(KDV.simulate(smooth(KDV), 1e-2 * np.arange(8), rtol=1e-10)).total.numpy()
    np.testing.assert_allclose(energy, energy[:, :1] * np.ones(8), rtol=1e-7)


def test_case_says_which_operators_act() -> None:
    assert [LAWS[name].case for name in ("KdV", "Allen–Cahn", "mixed")] == [
        "conservative",
        "dissipative",
        "mixed",
    ]


def test_mean_is_conserved_where_K_vanishes_at_zero() -> None:
    conserving = {name for name, law in LAWS.items() if law.conserves_mean}
    assert set(LAWS) - conserving == {
        "Allen–Cahn",
        "Allen–Cahn 2D",
        "driven, about u*",
        "fitted shapes 2D",
        "gradient coefficient 3D",
        "gradient coefficient",
        "gradient coefficient 2D",
    }
    for name in conserving:
        np.testing.assert_allclose(LAWS[name].rhs(smooth(LAWS[name])).mean(), 0, atol=1e-12)


def test_scale_is_the_lowest_order() -> None:
    law = Law(q=Factor.of(1), m=Factor((k**4, k**2), (2.0, 3.0)), w=Factor.of(k))
    assert law.scale == ("m", 1)
    assert KDV.scale == ("w", 0)


def test_coefficients_are_named_by_factor_and_term() -> None:
    assert KDV.coefficients == {"F: u**3": 1.0, "q: k**2": -1.0, "w: k": 1.0}
    assert KDV.mobility == 0
    assert float(KDV.skew.subs(k, 3)) == 3
    assert KDV.only([1, 2]).coefficients == {"q: k**2": -1.0, "w: k": 1.0}


def test_other_values_bring_their_standard_errors() -> None:
    law = KDV.with_values(np.array([2.0, 3.0, 1.0]), np.diag([0.04, 0.09, 0.0]))
    assert (law.F.std_errors, law.q.std_errors, law.w.std_errors) == ((0.2,), (0.3,), (None,))
    assert law.only([1, 2]).covariance is None


@EVERY_LAW
def test_family_holds_the_flow_of_each_set_of_coefficients(law: Law) -> None:
    domain = Domain(smooth(law).shape[1:], law.lengths)
    rng = np.random.default_rng(0)
    sets = law.values() * (1 + 0.1 * rng.normal(size=(4, len(law.values()))))

    fields = torch.as_tensor(smooth(law) - law.centre)
    together = law.family(domain, sets).rhs(fields.expand(4, *fields.shape))
    for values, found in zip(sets, together, strict=True):
        torch.testing.assert_close(
            found, law.with_values(values).member(domain).rhs(fields), rtol=1e-10, atol=1e-10
        )


def scattered(law: Law, seed: int = 0) -> Law:
    """The law with values that use every bit, a covariance and a provenance."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=len(law.parameters)) * 10.0 ** rng.integers(-12, 12, len(law.parameters))
    root = rng.normal(size=(len(values), len(values)))
    found = law.with_values(values, root @ root.T)
    settings: dict[str, Any] = {
        "band": float(rng.uniform(1, 9)),
        "hold": bool(seed % 2),
        "centre": float(rng.normal()),
    }
    numpy_seed: Any = np.int64(seed)
    return Law(
        **{name: getattr(found, name) for name in (*FACTORS, "lengths", "covariance")},
        **settings,
        provenance=Provenance("ünïcode ' \" \\", numpy_seed, optimiser="sr3"),
    )


@EVERY_LAW
def test_saved_law_is_read_back_bit_by_bit(law: Law, tmp_path: Path) -> None:
    for seed, original in enumerate([law, scattered(law)]):
        path = tmp_path / f"{seed}.json"
        original.save(path)
        again = Law.load(path)
        assert again == original
        assert again.values().tobytes() == original.values().tobytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.json", "1.json"]


def test_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "law.json"
    KDV.save(path)
    before = path.read_bytes()
    broken = replace(KDV)
    object.__setattr__(broken, "band", object())
    with pytest.raises(TypeError):
        broken.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["law.json"]
    assert path.read_bytes() == before


def changed(**entries: object) -> Callable[[dict], str]:
    return lambda content: json.dumps({**content, **entries})


TERM = {"term": "u**3", "value": 1.0, "std_error": None}
SPOILED: dict[str, Callable[[dict], str]] = {
    "empty": lambda content: "",
    "cut off": lambda content: json.dumps(content)[:80],
    "a list": lambda content: "[1, 2]",
    "nested without end": lambda content: "[" * 100000,
    "other format": changed(format=99),
    "missing entry": lambda content: json.dumps({n: v for n, v in content.items() if n != "band"}),
    "hostile formula": changed(F=[{**TERM, "term": "__import__('os').system('touch place')"}]),
    "symbol of another factor": changed(F=[{**TERM, "term": "k"}]),
    "terms not a list": changed(F=3),
    "term not an object": changed(F=["u**3"]),
    "term without value": changed(F=[{"term": "u**3", "std_error": None}]),
    "value not a number": changed(F=[{**TERM, "value": "one"}]),
    "value NaN": changed(F=[{**TERM, "value": float("nan")}]),
    "value too large": lambda content: json.dumps({**content, "F": [{**TERM, "value": 10**400}]}),
    "error not a number": changed(F=[{**TERM, "std_error": "small"}]),
    "the same term twice": changed(F=[TERM, TERM]),
    "no operator": changed(w=[]),
    "three dimensions": changed(lengths=[1.0, 1.0, 1.0]),
    "lengths not numbers": changed(lengths=["a"]),
    "infinite box": changed(lengths=[float("inf")]),
    "negative box": changed(lengths=[-1.0]),
    "infinite centre": changed(centre=float("inf")),
    "band not a number": changed(band="wide"),
    "covariance of another size": changed(covariance=[[1.0]]),
    "covariance ragged": changed(covariance=[[1.0, 2.0], [1.0]]),
    "covariance infinite": changed(covariance=[[float("inf")] * 3] * 3),
    "provenance not an object": changed(provenance=3),
    "source not a text": changed(provenance={"source": 3}),
    "seed not a whole number": changed(provenance={"seed": 0.5}),
    "seed true": changed(provenance={"seed": True}),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_spoiled_files_are_refused_in_one_line(
    spoil: Callable[[dict], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "law.json"
    KDV.save(path)
    path.write_text(spoil(json.loads(path.read_text())))
    with pytest.raises(ValueError, match=r"law\.json") as refusal:
        Law.load(path)
    assert "\n" not in str(refusal.value)
    assert [p.name for p in tmp_path.iterdir()] == ["law.json"]


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a law in .*No such file"):
        Law.load(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="expected a law in"):
        Law.load(tmp_path / "binary.json")


def test_laws_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="expected an operator M or W, got neither"):
        Law(F=Factor.of(u**3))
    with pytest.raises(ValueError, match="expected m in terms of"):
        Law(m=Factor.of(u))
    with pytest.raises(ValueError, match="expected q in terms of"):
        Law(q=Factor.of(k), m=Factor.of(1), lengths=(1.0, 1.0))
    with pytest.raises(ValueError, match="one to three dimensions"):
        Law(m=Factor.of(1), lengths=(1.0, 1.0, 1.0, 1.0))


def test_fields_and_times_that_do_not_fit_are_refused() -> None:
    plane = LAWS["Allen–Cahn 2D"]
    with pytest.raises(ValueError, match="in 2 dimensions, got shape"):
        plane.simulate(np.zeros(8), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="in 2 dimensions, got shape"):
        plane.rhs(np.zeros(8))
    with pytest.raises(ValueError, match="in 2 dimensions, got shape"):
        plane.energies(np.zeros(8))
    with pytest.raises(ValueError, match="increasing times"):
        KDV.simulate(np.zeros(16), np.array([1.0, 0.0]))


def test_law_that_blows_up_names_the_time() -> None:
    law = Law(F=Factor.of(-(u**4)), m=Factor.of(1))
    with pytest.raises(FloatingPointError, match="beyond t = 0.1"):
        law.simulate(np.ones(16), np.array([0.0, 0.1, 0.2]))


def test_energies_do_not_depend_on_how_a_symbol_is_written() -> None:
    squared, one = kx**2 + ky**2, sympy.Integer(1)
    law = Law(
        Factor.of(u**4),
        q=Factor((squared, squared**2, one), (-2.0, 1.0, 0.7)),
        m=Factor.of(1),
        lengths=(6.0, 5.0),
    )
    apart = replace(law, q=Factor.of(sympy.expand(law.q.expr)))
    field = np.random.default_rng(0).normal(size=(2, 16, 12))
    assert law.local_symbol == apart.local_symbol == (0.7, -2.0)
    of_law, of_parts = law.energies(field), apart.energies(field)
    for name in ("V0", "V1", "V2"):
        torch.testing.assert_close(getattr(of_law, name), getattr(of_parts, name))


def test_what_was_said_of_a_law_stays_with_its_coefficients(tmp_path: Path) -> None:
    law, said = LAWS["KdV"], Judgement("member", "In the class; conservative law", ("Beware.",))
    law.save(tmp_path / "old.json")
    assert "verdict_kind" not in json.loads((tmp_path / "old.json").read_text())
    assert Law.load(tmp_path / "old.json").judgement is None
    judged = replace(law, judgement=said)
    judged.save(tmp_path / "law.json")
    content = json.loads((tmp_path / "law.json").read_text())
    assert (content["verdict_kind"], content["cautions"]) == ("member", ["Beware."])
    again = Law.load(tmp_path / "law.json")
    assert again.judgement == said
    assert again == law
    for other in (again.with_values(2 * law.values()), again.only([0, 2])):
        assert other.judgement is None
    (tmp_path / "law.json").write_text(json.dumps({**content, "cautions": "none"}))
    with pytest.raises(ValueError, match="a list of texts"):
        Law.load(tmp_path / "law.json")


def test_linear_laws_know_that_they_are() -> None:
    assert Law(F=Factor.of(u + u**2), q=Factor.of(k**2), m=Factor.of(1)).linear
    assert not any(law.linear for law in LAWS.values())
