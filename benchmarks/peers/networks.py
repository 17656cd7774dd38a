"""Networks that know nothing of the equation but that it is the same everywhere: FNO and convolutions."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from benchmarks.peers.stepper import Stepper
from mesoscribe.hybrid.space.domain import Domain


class FourierOperator(Stepper):
    """The Fourier neural operator of the package `neuraloperator`, without coordinates as inputs.

    Source: Li et al., Fourier neural operator for parametric partial differential equations, ICLR 2021.

    Args:
        domain: the box; modes: Fourier modes kept along each axis; width: channels; layers: Fourier layers.
    """

    def __init__(
        self, domain: Domain, h: float, *, modes: int = 32, width: int = 32, layers: int = 4
    ) -> None:
        from neuralop.models import FNO

        super().__init__(h)
        self.operator = FNO(
            n_modes=(modes,) * domain.ndim,
            in_channels=1,
            out_channels=1,
            hidden_channels=width,
            n_layers=layers,
            positional_embedding=None,
        )

    def rate(self, v: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """L(v)."""
        return self.operator(v[:, None])[:, 0]


def _periodic(ndim: int, channels: int, out: int, reach: int) -> nn.Module:
    """A convolution on a periodic grid, as many points to each side as it reaches."""
    kind = (nn.Conv1d, nn.Conv2d)[ndim - 1]
    return kind(channels, out, kernel_size=2 * reach + 1, padding=reach, padding_mode="circular")


class _Residual(nn.Module):
    """x + conv(act(conv(act(x)))), periodic."""

    def __init__(self, ndim: int, width: int, reach: int) -> None:
        super().__init__()
        first, second = (_periodic(ndim, width, width, reach) for _ in range(2))
        self.path = nn.Sequential(nn.GELU(), first, nn.GELU(), second)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.path(x)


class Convolutions(Stepper):
    """A residual network of periodic convolutions on the grid; it has no structure at all.

    Args:
        domain: the box; width: channels; blocks: of two convolutions; reach: points to each side.
    """

    def __init__(self, domain: Domain, h: float, *, width: int = 32, blocks: int = 3, reach: int = 3) -> None:
        super().__init__(h)
        self.network = nn.Sequential(
            _periodic(domain.ndim, 1, width, reach),
            *(_Residual(domain.ndim, width, reach) for _ in range(blocks)),
            nn.GELU(),
            _periodic(domain.ndim, width, 1, reach),
        )

    def rate(self, v: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """L(v)."""
        return self.network(v[:, None])[:, 0]
