"""A law as a module of PyTorch, which needs PyTorch only."""

from __future__ import annotations

from string import Template

from mesoscribe.symbolic.export.program import RUNGE_KUTTA, python_program
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.syntax import TORCH
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order, with steps of one size."
SCRIPT = Template('''\
"""A law that mesoscribe has found, as a module of PyTorch:

    u_t = -(M + W) dV/du,    on each mode  -(m + i w) [q v + transform of $forces],    v = u - CENTRE.

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


$step

class LawOfMotion(torch.nn.Module):
    """The right-hand side and a stepper on a grid of the box; fields are (..., *shape), doubles."""

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
        self.register_buffer("evolved", inside)

    def symbols(self):
        """m, w and q on the modes."""
        ($wave,) = self.wave
        zero = 0.0 * $first
        m = zero$m
        w = zero$w
        q = zero$q
        return m, w, q

    def force(self, u):
        """F'(v); u stands for v."""
        return 0.0 * u + $force

    def to_modes(self, field):
        """The real transform of fields."""
        return torch.fft.rfftn(field, dim=self.axes)

    def to_field(self, modes):
        """The fields of modes."""
        return torch.fft.irfftn(modes, s=self.shape, dim=self.axes)

    def gradient(self, modes):
        """The transform of $forces from the modes of v; u, u_x, ... are v and its derivatives."""
        ($wave,) = self.wave
        to_modes, to_field, force = self.to_modes, self.to_field, self.force
$gradient
        return g

    def parts(self):
        """The linear part of the equation, a number for each mode, and the nonlinear one, modes to modes."""
        m, w, q = self.symbols()
        K = torch.complex(m, w) * self.evolved
        return -K * q, lambda modes: -K * self.gradient(modes)

    def forward(self, u):
        """u_t of fields u (..., *shape)."""
        linear, nonlinear = self.parts()
        modes = self.to_modes(u - CENTRE)
        return self.to_field(linear * modes + nonlinear(modes * self.evolved))

    def simulate(self, u0, times, steps=STEPS):
        """Fields (len(times), ..., *shape) from u0 at times[0], with so many steps from frame to frame."""
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
    """Fields (len(times), *grid) from an array u0 (*grid), without gradients."""
    with torch.no_grad():
        return LawOfMotion(u0.shape).simulate(torch.tensor(u0), torch.tensor(times), steps)


$main''')


def torch_module(law: Law) -> str:
    """A program with a torch.nn.Module whose forward(u) is u_t of fields (..., *grid), with a stepper.

    Its parameters are the coefficients of F, q, m, w and N. Steps are of fourth order (integrating factor).

    Raises:
        ValueError: the law holds a function that PyTorch does not have.
    """
    factors = [(name, getattr(law, name).values) for name in FACTORS if getattr(law, name)]
    texts = spectral_text(law, TORCH) | python_program(law, ORDER, "law_torch.png", band=True)
    return SCRIPT.substitute(
        texts,
        gradient=texts["gradient"].replace("    ", " " * 8),
        coefficients="\n".join(f'    "{name}": {TORCH.numbers(values)},' for name, values in factors),
        step=RUNGE_KUTTA % "torch",
    )
