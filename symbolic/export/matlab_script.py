"""A law as a function for MATLAB and GNU Octave, without a toolbox."""

from __future__ import annotations

from string import Template

from mesoscribe.symbolic.export.program import constants, heading
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.syntax import MATLAB
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order, steps adapted to a relative error of 1e-5 each."
SCRIPT = Template("""\
function [u, times, rhs] = law_matlab(u0, times)
% Simulates, in MATLAB or GNU Octave, a law that mesoscribe has found:
%
%     $motion
%
% law_matlab                                simulates from a smooth initial field and plots
% [u, times, rhs] = law_matlab(u0, times)   from yours: frames along the last dimension of u; rhs(u) is u_t
%
$notes
lengths = $lengths;
centre = $centre;
hold_modes = $hold;  % keep modes that do not evolve at their initial values instead of removing them
if nargin < 1
  u0 = initial_field(lengths, $points);
end
if nargin < 2
  times = linspace(0, $time, 101);
end
if numel(lengths) == 1
  u0 = u0(:);
end
[linear, nonlinear, inside] = parts(u0, lengths);
rhs = @(u) real(ifftn(linear .* fftn(u - centre) + nonlinear(inside .* fftn(u - centre))));

start = fftn(u0 - centre);
outside = hold_modes * start .* ~inside;
modes = start .* inside;
frames = zeros(numel(u0), numel(times));
h = Inf;
for j = 1:numel(times)
  if j > 1
    [modes, h] = advance(modes, times(j - 1), times(j), h, linear, nonlinear);
  end
  field = centre + real(ifftn(modes + outside));
  frames(:, j) = field(:);
end
if numel(lengths) == 1
  u = frames;
else
  u = reshape(frames, [size(u0), numel(times)]);
end
if nargout == 0
  draw(u, times, lengths);
  clear u
end
end

function [modes, h] = advance(modes, now, final, h, linear, nonlinear)
% Steps from one frame to the next; each is compared with two of half its length.
smallest = 1e-9 * (final - now);
while final - now > smallest
  tried = min(h, final - now);
  whole = step(modes, tried, linear, nonlinear);
  halves = step(step(modes, tried / 2, linear, nonlinear), tried / 2, linear, nonlinear);
  error_of_step = norm(halves(:) - whole(:)) / (1e-5 * norm(halves(:)) + 1e-300);
  if ~isfinite(error_of_step)
    error_of_step = Inf;
  end
  if error_of_step <= 1
    modes = halves;
    now = now + tried;
  elseif tried < smallest
    error('the solution is lost at t = %g', now);
  end
  h = tried * min(3, max(0.2, 0.9 * max(error_of_step, 1e-9) ^ -0.2));
end
end

function out = step(modes, h, linear, nonlinear)
% Fourth-order Runge-Kutta with the integrating factor exp(h * linear).
half = exp(0.5 * h * linear);
a = nonlinear(modes);
b = nonlinear(half .* (modes + 0.5 * h * a));
c = nonlinear(half .* modes + 0.5 * h * b);
d = nonlinear(half .* (half .* modes + h * c));
out = half .* (half .* (modes + h / 6 * a) + h / 3 * (b + c)) + h / 6 * d;
end

function [linear, nonlinear, inside] = parts(u, lengths)
% The linear part of the equation, a number for each mode, the nonlinear one, and the modes that evolve.
band = $band;  % modes with a larger wavenumber along an axis do not evolve
points = size(u);
axes_of_k = cell(1, numel(lengths));
for j = 1:numel(lengths)
  n = points(j);
  axes_of_k{j} = 2 * pi / lengths(j) * [0:ceil(n / 2) - 1, -floor(n / 2):-1];
end
wave = cell(1, numel(lengths));
if numel(lengths) == 1
  wave{1} = axes_of_k{1}(:);
else
  [wave{:}] = ndgrid(axes_of_k{:});
end
inside = true(points);
for j = 1:numel(lengths)
  k = abs(wave{j});
  inside = inside & k <= band * (1 + 1e-9) & k < 0.999 * pi * points(j) / lengths(j);
end
[m, w, q] = symbols(wave{:});
K = (m + 1i * w) .* inside;
linear = -K .* q;
nonlinear = @(modes) -K .* gradient_of(modes, wave{:});
end

function [m, w, q] = symbols($wave)
% m, w and q on the modes.
zero = 0 * $first;
m = $m;
w = $w;
q = $q;
end

function g = gradient_of(modes, $wave)
% The transform of $forces from the modes of v; u, u_x, ... are v and its derivatives.
to_modes = @(field) fftn(field);
to_field = @(modes) real(ifftn(modes));
$gradient
end

function f = force(u)
% F'(v); u stands for v.
f = 0 * u + $force;
end

function values = finite(values)
% 0 where a symbol has no finite value, such as 1/k^2 at k = 0.
values(~isfinite(values)) = 0;
end

function u = initial_field(lengths, points)
% A smooth field.
x = (0:points - 1)' * lengths(1) / points;
if numel(lengths) == 2
  [x, y] = ndgrid(x, (0:points - 1) * lengths(2) / points);
elseif numel(lengths) == 3
  [x, y, z] = ndgrid(x, (0:points - 1) * lengths(2) / points, (0:points - 1) * lengths(3) / points);
end
u = $initial;
end

function draw(u, times, lengths)
% Space and time in one picture, or the first and the last field of a plane, in 3D the middle one.
if numel(lengths) == 1
  imagesc(times, [0, lengths(1)], u);
  xlabel('t');
  ylabel('x');
else
  if numel(lengths) == 3
    middle = floor(size(u, 3) / 2) + 1;
    u = reshape(u(:, :, middle, :), size(u, 1), size(u, 2), []);
  end
  subplot(1, 2, 1);
  imagesc([0, lengths(1)], [0, lengths(2)], u(:, :, 1)');
  title('u at the start');
  subplot(1, 2, 2);
  imagesc([0, lengths(1)], [0, lengths(2)], u(:, :, end)');
  title(sprintf('u at t = %g', times(end)));
end
set(gca, 'ydir', 'normal');
colorbar;
end
""")


def matlab_script(law: Law) -> str:
    """A function file law_matlab.m that simulates the law in MATLAB or GNU Octave and plots.

    [u, times, rhs] = law_matlab(u0, times) gives fields (*grid, frames) from u0 (*grid), and the right-hand
    side as a function of a field. Steps are of fourth order (integrating factor), adapted.

    Raises:
        ValueError: the law holds a function that MATLAB does not have.
    """
    texts = spectral_text(law, MATLAB) | constants(law, MATLAB)
    texts["motion"] = texts["motion"].replace("CENTRE", "centre")
    gradient = texts["gradient"].replace("    ", "")
    return SCRIPT.substitute(texts, gradient=gradient, notes=heading(law, ORDER, "%"))
