"""GMRES for many systems at once."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mesoscribe.hybrid.dynamics.gmres import gmres


def systems(n: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Matrices that are neither symmetric nor definite, and right-hand sides."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(n, size, size, dtype=torch.float64, generator=generator)
    diagonal = torch.linspace(-2, 3, size, dtype=torch.float64)
    return torch.diag(diagonal) + 0.1 * noise, torch.randn(n, size, dtype=torch.float64, generator=generator)


Watched = tuple[torch.Tensor, torch.Tensor, Callable[[torch.Tensor], torch.Tensor], list[torch.Tensor]]


def watched() -> Watched:
    """Definite systems, their matrices as a map, and the vectors that it was asked of."""
    matrices, right = systems(5, 40)
    matrices, calls = 5 * torch.eye(40, dtype=torch.float64) + matrices, []

    def matrix(v: torch.Tensor) -> torch.Tensor:
        calls.append(v)
        return torch.einsum("nij,nj->ni", matrices, v)

    return matrices, right, matrix, calls


def test_every_system_is_solved_in_as_many_directions_as_unknowns() -> None:
    matrices, right = systems(5, 12)
    found = gmres(lambda v: torch.einsum("nij,nj->ni", matrices, v), right, rtol=0.0, directions=12)
    torch.testing.assert_close(found, torch.linalg.solve(matrices, right), rtol=1e-9, atol=1e-9)


def test_stops_at_the_tolerance_of_the_worst_row() -> None:
    matrices, right, matrix, calls = watched()
    found = gmres(matrix, right, rtol=1e-2, directions=40)
    rest = right - torch.einsum("nij,nj->ni", matrices, found)
    assert bool((rest.norm(dim=1) <= 1.001e-2 * right.norm(dim=1)).all())
    assert len(calls) < 40


def test_a_row_of_zeros_and_an_early_end_do_no_harm() -> None:
    right = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 2.0, 3.0]], dtype=torch.float64)
    diagonal = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
    found = gmres(lambda v: v * diagonal, right, rtol=1e-14, directions=3)
    torch.testing.assert_close(found, right / diagonal)


def test_a_good_guess_saves_directions() -> None:
    matrices, right, matrix, calls = watched()
    exact = torch.linalg.solve(matrices, right)
    gmres(matrix, right, rtol=1e-4, directions=40)
    without = len(calls)
    found = gmres(matrix, right, rtol=1e-4, directions=40, start=1.001 * exact)
    rest = right - torch.einsum("nij,nj->ni", matrices, found)
    assert bool((rest.norm(dim=1) <= 1.001e-4 * right.norm(dim=1)).all())
    assert len(calls) - without < without


def test_it_ends_with_the_directions_there_are_when_it_may_not_go_on() -> None:
    matrices, right, matrix, calls = watched()
    found = gmres(matrix, right, rtol=1e-12, directions=40, go_on=lambda: len(calls) < 3)
    rest = right - torch.einsum("nij,nj->ni", matrices, found)
    assert len(calls) == 3
    assert bool((rest.norm(dim=1) < right.norm(dim=1)).all())
