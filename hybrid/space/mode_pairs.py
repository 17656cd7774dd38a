"""One independent parameter for each pair of modes k, -k of a real field."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float, Int, Shaped
from torch import Tensor, nn

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import phases


class ModeIndex(nn.Module):
    """Maps vectors of parameters to even and odd symbols on the modes of a real transform.

    It has no parameters of its own; as a part of a model it is on the device that the model is on.

    Args:
        index: the parameter of each mode of the transform, 0 outside the mask.
        sign: +1 where the mode is the representative k of its pair, -1 where it is -k, 0 outside the mask
            and at k = 0.
        inside: the mask.
        first: position of each parameter's representative in the flattened transform.
        turned: phases of the entries of symbols where several fields differ at walls, else 1.
    """

    index: Int[Tensor, "*modes"]
    sign: Float[Tensor, "*modes"]
    inside: Bool[Tensor, "*modes"]
    first: Int[Tensor, " p"]
    turned: Complex[Tensor, "*entries"]

    def __init__(self, index: Tensor, sign: Tensor, inside: Tensor, first: Tensor, turned: Tensor) -> None:
        super().__init__()
        tables = {"index": index, "sign": sign, "inside": inside, "first": first, "turned": turned}
        for name, values in tables.items():
            self.register_buffer(name, values, persistent=False)

    @classmethod
    def of(cls, domain: Domain, mask: Bool[np.ndarray, "*modes"]) -> ModeIndex:
        """The pairs k, -k of a domain's modes that lie in the mask.

        Along an axis between walls the modes of a field are those of n ≥ 0: the pairs are those of the
        periodic axes, and where there are none a symbol has no odd part.
        """
        vectors = np.stack([n.ravel() for n in domain.mode_numbers], axis=-1)
        leading = np.zeros(len(vectors), dtype=int)
        turned = [axis in domain.periodic for axis in domain.axes]
        for column in vectors.T[turned][::-1]:
            leading = np.where(leading == 0, np.sign(column), leading)
        keys = np.where(turned, vectors * np.where(leading == 0, 1, leading)[:, None], vectors)
        flat = mask.ravel()
        _, first, inverse = np.unique(keys[flat], axis=0, return_index=True, return_inverse=True)
        index, sign = np.zeros(len(vectors), dtype=int), np.zeros(len(vectors))
        index[flat], sign[flat] = inverse.ravel(), leading[flat]
        positions = np.flatnonzero(flat)[first]
        sign_of_first = np.where(sign[positions] == 0, 1.0, sign[positions])
        sign[flat] = sign[flat] * sign_of_first[inverse.ravel()]
        shape = domain.modes_shape
        return cls(
            torch.as_tensor(index.reshape(shape)),
            torch.as_tensor(sign.reshape(shape)),
            torch.as_tensor(mask),
            torch.as_tensor(positions),
            torch.as_tensor(phases(domain)) if len(set(domain.parities)) > 1 else torch.ones(()) + 0j,
        )

    def gather(self, symbol: Shaped[Tensor, "*lead_modes"]) -> Shaped[Tensor, "*lead p"]:
        """The parameters of a symbol given on all modes: its values on the representatives."""
        return symbol.flatten(-self.index.ndim)[..., self.first]

    def even(self, parameters: Float[Tensor, "*lead p"]) -> Float[Tensor, "*lead_modes"]:
        """The even symbol of the parameters, 0 outside the mask."""
        return parameters[..., self.index] * self.inside

    def odd(self, parameters: Float[Tensor, "*lead p"]) -> Float[Tensor, "*lead_modes"]:
        """The odd symbol of the parameters, 0 outside the mask and at k = 0."""
        return parameters[..., self.index] * self.sign.to(parameters.dtype)

    def real(self, parameters: Float[Tensor, "two *lead p"]) -> Complex[Tensor, "*lead_modes"]:
        """S(k) = a(k) + i b(k), a even and b odd, so that S(-k) is the conjugate of S(k): S is real in x.

        Times a phase for each pair of fields that differ at walls.

        Args:
            parameters: a and b on the representatives.
        """
        found = torch.complex(self.even(parameters[0]), self.odd(parameters[1]))
        return found * self._entries(self.index.ndim) if self.turned.ndim else found

    def parts(self, symbol: Complex[Tensor, "*lead_modes"]) -> Float[Tensor, "two *lead p"]:
        """The parameters a and b of a symbol that is real in x; undoes `real`."""
        found = self.gather(symbol)
        found = found / self._entries(1) if self.turned.ndim else found
        return torch.stack([found.real, found.imag])

    def _entries(self, after: int) -> Tensor:
        """The phases of entries, to broadcast against symbols with so many axes after those of fields."""
        return self.turned.reshape(*self.turned.shape, *(1,) * after)
