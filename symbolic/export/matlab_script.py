"""A law as a function for MATLAB and GNU Octave, without a toolbox."""

from __future__ import annotations

from string import Template

from mesoscribe.symbolic.export.matlab_states import ONE, SEVERAL
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
% [u, times, rhs] = law_matlab(u0, times)   from yours: $frames_along; rhs(u) is u_t
%
$notes
lengths = $lengths;
$settings  % keep modes that do not evolve at their initial values instead of removing them
if nargin < 1
  u0 = initial_field(lengths, $points);
end
if nargin < 2
  times = linspace(0, $time, 101);
end
$body
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

$step
$parts
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
$inside
function [m, w, q] = symbols($wave)
% m, w and q on the modes.
zero = 0 * $first;
m = $m;
w = $w;
q = $q;
end

$functions_of_fields
function values = finite(values)
% 0 where a symbol has no finite value, such as 1/k^2 at k = 0.
values(~isfinite(values)) = 0;
end

function u = initial_field(lengths, points)
% $smooth
x = (0:points - 1)' * lengths(1) / points;
if numel(lengths) == 2
  [x, y] = ndgrid(x, (0:points - 1) * lengths(2) / points);
elseif numel(lengths) == 3
  [x, y, z] = ndgrid(x, (0:points - 1) * lengths(2) / points, (0:points - 1) * lengths(3) / points);
end
u = $field;
end

$draw""")


def matlab_script(law: Law) -> str:
    """A function file law_matlab.m that simulates the law in MATLAB or GNU Octave and plots.

    [u, times, rhs] = law_matlab(u0, times) gives fields (*grid, frames) from u0 (*grid), and the right-hand
    side as a function of a field. Steps are of fourth order (integrating factor), adapted. Several fields are
    along the dimension after the grid.

    Raises:
        ValueError: the law holds a function that MATLAB does not have.
    """
    texts = spectral_text(law, MATLAB) | constants(law, MATLAB)
    texts["motion"] = texts["motion"].replace("CENTRE", "centre")
    texts |= {"gradient": texts["gradient"].replace("    ", ""), "after_grid": str(law.ndim + 1)}
    texts["columns"] = ", ".join(f"u(:, {j})" for j in range(1, len(law.fields) + 1))
    texts["quoted"] = ", ".join(f"'{name}'" for name in law.fields)
    parts = SEVERAL if law.several else ONE
    texts |= {name: Template(part).substitute(texts) for name, part in parts.items()}
    return SCRIPT.substitute(texts, notes=heading(law, ORDER, "%"))
