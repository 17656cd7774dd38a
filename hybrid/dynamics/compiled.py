"""Which steps of ETDRK4 compiled code takes, and what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.energy.powersum import PowerSum
from mesoscribe.hybrid.energy.table import HermiteTable
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.threads import LARGE


@dataclass(frozen=True)
class CompiledSteps:
    """Steps of one length in compiled code, of one member or of several that have the first axis of fields.

    Args:
        symbols: (7, members, modes), those of the step.
        lead: the axes that symbols have before the modes: (), or (members, 1).
        weights: (members, powers) of a force that is a polynomial of the field.
        cubics, ends: (cells, 4) and (4,) of a force that is a table, its ends and the slopes there.
        passes, turn: of the transforms.
        phase: between walls exp(i k dx/2) of each mode, with which û are the modes of the field's extension
            on a periodic box of twice the points; None on a periodic box.
    """

    symbols: np.ndarray
    lead: tuple[int, ...]
    weights: np.ndarray
    cubics: np.ndarray
    ends: np.ndarray
    passes: np.ndarray
    turn: np.ndarray
    phase: np.ndarray | None = None

    @classmethod
    def of(cls, member: Member, symbols: Sequence[Tensor]) -> CompiledSteps | None:
        """Those of a member; None where there is no compiled code for it.

        It is there for one field in one dimension, on an even number of points with small prime factors, and
        a force that is a polynomial of the field at each point, or a table. Between walls points and modes
        are those of the extension, which f keeps: at zero values f must be odd.
        """
        domain, lead = member.domain, max((tuple(s.shape[:-1]) for s in symbols), key=len)
        if domain.ndim > 1 or domain.n_fields is not None or member.energy.others:
            return None
        if Parity.ODD in domain.parities[0] and not _odd(member.f):
            return None
        points = domain.points * (1 + bool(domain.walled))
        if points > NUMBERS.compiled_row or (lead and lead[1:] != (1,)):
            return None
        if any(s.dtype != torch.complex128 or s.device.type != "cpu" for s in symbols):
            return None
        members, modes = (*lead, 1)[0], domain.modes_shape[0]
        if (force := _force(member.f, members)) is None:
            return None
        from mesoscribe.hybrid.space.compiled_fft import circle, radices  # numba takes long to import

        if not (passes := radices(points)):
            return None
        table = torch.stack([s.detach().reshape(-1, modes).expand(members, modes) for s in symbols])
        given = lead, *force, np.array(passes), circle(points)
        if not domain.walled:
            return cls(table.contiguous().numpy(), *given)
        phase = np.exp(0.5j * np.pi / domain.points * np.arange(modes))
        return cls(np.pad(table.numpy(), ((0, 0), (0, 0), (0, 1))), *given, phase)

    def takes(self, u_hat: Tensor) -> bool:
        """Whether û (*batch, modes) is taken.

        Many rows of many points are left to torch, and large fields where it has several threads.
        """
        members, modes = self.symbols.shape[1:]
        fits = u_hat.numel() > 0 and (not self.lead or u_hat.ndim == 3 and len(u_hat) in (1, members))
        short = modes <= NUMBERS.compiled_points // 2 + 1 or u_hat.numel() == u_hat.shape[-1]
        few = u_hat.numel() < LARGE or torch.get_num_threads() == 1
        return fits and short and few and u_hat.dtype == torch.complex128 and u_hat.device.type == "cpu"

    def take(self, u_hat: Tensor, steps: int) -> Tensor:
        """û after some steps."""
        u, none = self._rows(u_hat), np.empty((0, 0, 0))
        self._advance(u, none.astype(complex), none, steps)
        return self._of_rows(u, u_hat)

    def estimated(self, u_hat: Tensor, force: Tensor) -> tuple[Tensor, Tensor, np.ndarray]:
        """û after a step, its force, and the norms of û, e₂ and 5/3 e₃ of each row."""
        u, f = self._rows(u_hat), self._rows(force)
        squares = np.empty((3, *u.shape[:2]))
        self._advance(u, f, squares, 1)
        end, n_end = (self._of_rows(x, u_hat) for x in (u, f))
        return end, n_end, np.sqrt(squares)

    def _rows(self, u_hat: Tensor) -> np.ndarray:
        """A copy (members, rows, modes) of û."""
        rows, shape = u_hat.numpy(), self._shape(u_hat)
        if rows.shape != shape:
            rows = np.broadcast_to(rows, shape)
        if self.phase is not None:
            rows = np.concatenate([rows * self.phase, np.zeros_like(rows[..., :1])], axis=-1)
        return np.array(rows, order="C").reshape(len(self.weights), -1, self.symbols.shape[-1])

    def _of_rows(self, rows: np.ndarray, like: Tensor) -> Tensor:
        """û of rows of the shape of `_rows`."""
        if self.phase is not None:
            rows = rows[..., :-1] * self.phase.conj()
        return torch.from_numpy(rows).reshape(self._shape(like))

    def _shape(self, u_hat: Tensor) -> tuple[int, ...]:
        """That of û, with the members in the place of a first axis of length 1."""
        return (self.lead[0], *u_hat.shape[1:]) if self.lead else tuple(u_hat.shape)

    def _advance(self, u: np.ndarray, force: np.ndarray, squares: np.ndarray, steps: int) -> None:
        """Steps in place, in blocks of about as many rows each."""
        from mesoscribe.hybrid.dynamics.compiled_steps import advance  # numba takes long to import

        rows = u.shape[1]
        most = max(1, min(NUMBERS.lanes, NUMBERS.block_values // self.turn.shape[1]))
        lanes = -(-rows // -(-rows // most))
        given = self.symbols, self.weights, self.cubics, self.ends, self.passes, self.turn
        advance(u, force, squares, *given, lanes, steps)


def _odd(f: object) -> bool:
    """Whether a force is known to be odd in the field."""
    return isinstance(f, PowerSum) and all(n % 2 for n in f.weights)


def _force(f: object, members: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Weights, cubics and ends of a force, see CompiledSteps; None of one that is no polynomial or table."""
    if isinstance(f, HermiteTable):
        ends = [f.low, f.high, *f.slopes[[0, -1]].tolist()]
        return np.zeros((members, 1)), f.rows.detach().contiguous().numpy(), np.array(ends)
    if not isinstance(f, PowerSum) or max(f.weights, default=0) > NUMBERS.compiled_power:
        return None
    passes = -(-max(f.weights, default=0) // 3)
    given = (f.weights.get(n, 0.0) for n in range(1 + 3 * passes))
    powers = [torch.as_tensor(a, dtype=torch.float64, device="cpu").detach() for a in given]
    if any(a.numel() > 1 and a.shape != (members, 1, 1) for a in powers):
        return None
    weights = [a.reshape(-1).expand(members) for a in powers]
    return torch.stack(weights, dim=-1).contiguous().numpy(), np.empty((0, 4)), np.zeros(4)
