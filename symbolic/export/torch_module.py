"""A law as a module of PyTorch, which needs PyTorch only."""

from __future__ import annotations

from string import Template

from mesoscribe.symbolic.export.program import python_program
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.states import RUNGE_KUTTA, state_text
from mesoscribe.symbolic.export.syntax import TORCH
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order, with steps of one size."
SCRIPT = Template('''\
"""A law that mesoscribe has found, as a module of PyTorch:

    $motion

law = LawOfMotion(shape): law(u) is u_t, law.simulate(u0, times) integrates it from u0 on.
Every coefficient is a parameter, and gradients pass through both.

python THIS_FILE        simulates from a smooth initial field and plots; needs matplotlib
"""
$notes
import math

import numpy
import torch

$settings
COEFFICIENTS = {
$coefficients
}


def finite(values):
    """0 where a symbol has no finite value, such as 1/k**2 at k = 0."""
    return torch.nan_to_num(torch.as_tensor(values), nan=0.0, posinf=0.0, neginf=0.0)

$matrices
$step

class LawOfMotion(torch.nn.Module):
    """The right-hand side and a stepper on a grid of the box; fields are (..., $of_shape), doubles."""

    def __init__(self, shape, lengths=LENGTHS):
        super().__init__()
        self.shape = tuple(shape)
        self.axes = tuple(range(-len(lengths), 0))
        for name, values in COEFFICIENTS.items():
            self.register_parameter(name, torch.nn.Parameter(torch.tensor(values, dtype=torch.float64)))
        transforms = [torch.fft.fftfreq] * (len(lengths) - 1) + [torch.fft.rfftfreq]
        axes = [
            2 * math.pi * frequencies(n, length / n, dtype=torch.float64)
            for frequencies, n, length in zip(transforms, self.shape, lengths)
        ]
        wave = torch.stack(torch.meshgrid(*axes, indexing="ij"))
        inside = torch.ones_like(wave[0], dtype=torch.bool)  # in the band, below every Nyquist wavenumber
        for k, n, length in zip(wave, self.shape, lengths):
            inside = inside & (abs(k) <= BAND * (1 + 1e-9)) & (abs(k) < 0.999 * math.pi * n / length)
        self.register_buffer("wave", wave)
        self.register_buffer("evolved", inside$mask)

    def symbols(self):
        """m, w and q on the modes."""
        ($wave,) = self.wave
        zero = $zero * $first
        m = $m
        w = $w
        q = $q
        return m, w, q

    def force(self, u):
$force_of

    def to_modes(self, field):
$to_modes

    def to_field(self, modes):
$to_field

    def gradient(self, modes):
        """The transform of $forces $of_modes."""
        ($wave,) = self.wave
        to_modes, to_field, force = self.to_modes, self.to_field, self.force
$gradient
        return g

    def parts(self):
        """The linear part of the equation, $linear_part, and the nonlinear one, modes to modes."""
        m, w, q = self.symbols()
        K = $K * self.evolved
        return -K $at q, lambda modes: -K $at self.gradient(modes)

    def forward(self, u):
        """u_t of fields u (..., $of_shape)."""
        linear, nonlinear = self.parts()
        modes = self.to_modes(u - CENTRE)
        return self.to_field(linear $at modes + nonlinear(modes * self.evolved))

    def simulate(self, u0, times, steps=STEPS):
        """Fields (len(times), ..., $of_shape) from u0 at times[0], with so many steps from frame to frame."""
        parts, start = self.parts(), self.to_modes(u0 - CENTRE)
        outside = start * ~self.evolved if HOLD else 0.0 * start
        modes, frames = start * self.evolved, [CENTRE + self.to_field(start * self.evolved + outside)]
        for now, end in zip(times[:-1], times[1:]):
            for _ in range(steps):
                modes = step(modes, (end - now) / steps, *parts)
            if not torch.isfinite(modes).all():
                raise FloatingPointError(f"the solution is lost at t = {float(end):.6g}; take more STEPS")
            frames.append(CENTRE + self.to_field(modes + outside))
        return torch.stack(frames)


def simulate(u0, times, steps=STEPS):
    """Fields (len(times), $state) from an array u0 ($state), without gradients."""
    with torch.no_grad():
        return LawOfMotion(u0.shape$grid).simulate(torch.tensor(u0), torch.tensor(times), steps)


$main''')


ONE = {
    "K": "torch.complex(m, w)",
    "to_modes": '''\
        """The real transform of fields."""
        return torch.fft.rfftn(field, dim=self.axes)''',
    "to_field": '''\
        """The fields of modes."""
        return torch.fft.irfftn(modes, s=self.shape, dim=self.axes)''',
    "of_shape": "*shape",
    "exponential": "torch.exp",
}
SEVERAL = {
    "K": "(m + w)",
    "to_modes": '''\
        """The real transform of fields (..., n, *shape): (..., *modes, n, 1)."""
        return torch.fft.rfftn(field, dim=self.axes).movedim(self.axes[0] - 1, -1)[..., None]''',
    "to_field": '''\
        """The fields of modes."""
        return torch.fft.irfftn(modes[..., 0].movedim(-1, self.axes[0] - 1), s=self.shape, dim=self.axes)''',
    "of_shape": "n, *shape",
    "exponential": "torch.matrix_exp",
}


def torch_module(law: Law) -> str:
    """A program with a torch.nn.Module whose forward(u) is u_t of fields (..., *grid), with a stepper.

    Its parameters are the coefficients of F, q, m, w and N. Steps are of fourth order (integrating factor).
    Several fields are along the axis before the grid.

    Raises:
        ValueError: the law holds a function that PyTorch does not have.
    """
    factors = [(name, getattr(law, name).values) for name in FACTORS if getattr(law, name)]
    texts = spectral_text(law, TORCH)
    texts |= state_text(law, "torch", texts) | python_program(law, ORDER, "law_torch.png", band=True)
    texts |= SEVERAL if law.several else ONE
    return SCRIPT.substitute(
        texts,
        gradient=texts["gradient"].replace("    ", " " * 8),
        force_of=texts["force_of"].replace("    ", " " * 8),
        coefficients="\n".join(f'    "{name}": {TORCH.numbers(values)},' for name, values in factors),
        step=RUNGE_KUTTA % texts,
    )
