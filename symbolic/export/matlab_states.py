"""What a state is in the program for MATLAB: one field on the grid, or several in columns, points down.

On modes several fields are (points, n) and a symbol is (points, n, n).
"""

from __future__ import annotations

from collections.abc import Mapping

EACH_FRAME = """\
frames = zeros(numel(u0), numel(times));
h = Inf;
for j = 1:numel(times)
  if j > 1
    [modes, h] = advance(modes, times(j - 1), times(j), h, linear, nonlinear);
  end
"""
ONE: Mapping[str, str] = {
    "settings": "centre = $centre;\nhold_modes = $hold;",
    "frames_along": "frames along the last dimension of u",
    "smooth": "A smooth field.",
    "field": "$initial",
    "body": """\
if numel(lengths) == 1
  u0 = u0(:);
end
[linear, nonlinear, inside] = parts(u0, lengths);
rhs = @(u) real(ifftn(linear .* fftn(u - centre) + nonlinear(inside .* fftn(u - centre))));

start = fftn(u0 - centre);
outside = hold_modes * start .* ~inside;
modes = start .* inside;
"""
    + EACH_FRAME
    + """\
  field = centre + real(ifftn(modes + outside));
  frames(:, j) = field(:);
end
if numel(lengths) == 1
  u = frames;
else
  u = reshape(frames, [size(u0), numel(times)]);
end""",
    "step": """\
function out = step(modes, h, linear, nonlinear)
% Fourth-order Runge-Kutta with the integrating factor exp(h * linear).
half = exp(0.5 * h * linear);
a = nonlinear(modes);
b = nonlinear(half .* (modes + 0.5 * h * a));
c = nonlinear(half .* modes + 0.5 * h * b);
d = nonlinear(half .* (half .* modes + h * c));
out = half .* (half .* (modes + h / 6 * a) + h / 3 * (b + c)) + h / 6 * d;
end
""",
    "parts": """\
function [linear, nonlinear, inside] = parts(u, lengths)
% The linear part of the equation, a number for each mode, the nonlinear one, and the modes that evolve.
band = $band;  % modes with a larger wavenumber along an axis do not evolve
points = size(u);""",
    "inside": """\
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
""",
    "functions_of_fields": """\
function g = gradient_of(modes, $wave)
% The transform of $forces $of_modes.
to_modes = @(field) fftn(field);
to_field = @(modes) real(ifftn(modes));
$gradient
end

function f = force(u)
% F'(v); u stands for v.
f = 0 * u + $force;
end
""",
    "draw": """\
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
""",
}
SEVERAL: Mapping[str, str] = {
    "settings": "hold_modes = $hold;",
    "frames_along": "fields and frames along the last two dimensions of u",
    "smooth": "Smooth fields.",
    "field": "cat($after_grid, $initial)",
    "body": """\
points = size(u0);
points = points(1:numel(lengths));
shape = size(u0);
[linear, nonlinear, inside, to_modes, to_field] = parts(points, lengths);
columns = @(u) reshape(u, [], $n);
rhs = @(u) reshape(to_field(product(linear, to_modes(columns(u))) + ...
                            nonlinear(inside .* to_modes(columns(u)))), size(u));

start = to_modes(columns(u0));
outside = hold_modes * start .* ~inside;
modes = start .* inside;
"""
    + EACH_FRAME
    + """\
  field = to_field(modes + outside);
  frames(:, j) = field(:);
end
u = reshape(frames, [shape, numel(times)]);""",
    "step": """\
function out = step(modes, h, linear, nonlinear)
% Fourth-order Runge-Kutta with the integrating factor exp(h * linear).
half = exponential(0.5 * h * linear);
a = nonlinear(modes);
b = nonlinear(product(half, modes + 0.5 * h * a));
c = nonlinear(product(half, modes) + 0.5 * h * b);
d = nonlinear(product(half, product(half, modes) + h * c));
out = product(half, product(half, modes + h / 6 * a) + h / 3 * (b + c)) + h / 6 * d;
end

function c = product(a, b)
% Products of the matrices (points, n, n) on each mode with others, or with modes (points, n).
c = 0;
for j = 1:size(a, 3)
  c = c + a(:, :, j) .* b(:, j, :);
end
end

function e = exponential(a)
% exp of the matrix on each mode: of a part of it by its Taylor series, squared again and again.
squarings = max(0, ceil(log2(sum(sum(abs(a), 2), 3))) + 1);
a = a ./ 2 .^ squarings;
one = zeros(size(a));
for j = 1:size(a, 2)
  one(:, j, j) = 1;
end
e = one + a / 14;
for j = 13:-1:1
  e = one + product(a, e) / j;
end
for j = 1:max(squarings)
  more = squarings >= j;
  e(more, :, :) = product(e(more, :, :), e(more, :, :));
end
end

function out = each(transform, columns, points)
% A transform of each field.
out = zeros(size(columns));
for j = 1:size(columns, 2)
  part = transform(reshape(columns(:, j), [points, 1]));
  out(:, j) = part(:);
end
end
""",
    "parts": """\
function [linear, nonlinear, inside, to_modes, to_field] = parts(points, lengths)
% The linear part of the equation, a matrix for each mode, the nonlinear one, and the transforms.
band = $band;  % modes with a larger wavenumber along an axis do not evolve""",
    "inside": """\
inside = true(size(wave{1}));
for j = 1:numel(lengths)
  k = abs(wave{j});
  inside = inside & k <= band * (1 + 1e-9) & k < 0.999 * pi * points(j) / lengths(j);
end
inside = inside(:);
for j = 1:numel(lengths)
  wave{j} = wave{j}(:);
end
to_modes = @(columns) each(@fftn, columns, points);
to_field = @(modes) real(each(@ifftn, modes, points));
[m, w, q] = symbols(wave{:});
K = ($K) .* inside;
linear = -product(K, q);
nonlinear = @(modes) -product(K, gradient_of(modes, to_modes, to_field));
end
""",
    "functions_of_fields": """\
function g = gradient_of(modes, to_modes, to_field)
% The transform of $forces $of_modes.
$gradient
end

function f = force(u)
% The derivatives of F by the fields, in columns.
[$names] = deal($columns);
f = [$force];
end
""",
    "draw": """\
function draw(u, times, lengths)
% Each field in space and time, or its first and last state in a plane, in 3D the middle one.
fields = {$quoted};
for j = 1:numel(fields)
  if numel(lengths) == 1
    subplot(numel(fields), 1, j);
    imagesc(times, [0, lengths(1)], squeeze(u(:, j, :)));
    xlabel('t');
    ylabel('x');
    title(fields{j});
    set(gca, 'ydir', 'normal');
    colorbar;
    continue
  end
  ends = {1, numel(times)};
  for i = 1:2
    if numel(lengths) == 3
      panel = u(:, :, floor(size(u, 3) / 2) + 1, j, ends{i});
    else
      panel = u(:, :, j, ends{i});
    end
    subplot(numel(fields), 2, 2 * j - 2 + i);
    imagesc([0, lengths(1)], [0, lengths(2)], panel');
    title(sprintf('%s at t = %g', fields{j}, times(ends{i})));
    set(gca, 'ydir', 'normal');
    colorbar;
  end
end
end
""",
}
