"""A law as a program in Julia, without packages."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from mesoscribe.symbolic.export.program import constants, heading
from mesoscribe.symbolic.export.spectral_text import spectral_text
from mesoscribe.symbolic.export.syntax import JULIA
from mesoscribe.symbolic.law.law import Law

ORDER = "Fourier modes in space; in time of fourth order, steps adapted to a relative error of 1e-5 each."
SCRIPT = Template("""\
# Simulates a law that mesoscribe has found:
#
#     $motion
#
# julia THIS_FILE       simulates from a smooth initial field and writes $pictures
# include("THIS_FILE")  gives rhs(u), which is u_t, and simulate(u0, times)
#
# No package is needed: transforms are products with matrices, quick up to some 500 points along an axis.
# For more, put fft and ifft of FFTW.jl into `transforms`.
$notes
using LinearAlgebra

${fields}const LENGTHS = $lengths
${centre_line}const BAND = $band  # modes with a larger wavenumber along an axis do not evolve
const HOLD = $hold  # keep those modes at their initial values instead of removing them
const POINTS = $points  # along each axis
const TIME = $time  # until when
const FRAMES = 101  # the first included

# 0 where a symbol has no finite value, such as 1/k^2 at k = 0
finite(value) = isfinite(value) ? value : zero(value)

# the symbols on a mode
m($wave) = $m
w($wave) = $w
q($wave) = $q

$force_of

# $smooth
initial($coordinates) = $field

# $about_transforms
function transforms(shape)
    forward = [[cis(-2pi * mod(i * j, n) / n) for i in 0:n-1, j in 0:n-1] for n in shape]
    back = [conj(matrix) / size(matrix, 1) for matrix in forward]
    function along(matrices, field)
        first = matrices[1] * complex(field)
        return length(shape) == 1 ? first : first * transpose(matrices[2])
    end
$pair
end

# the wavenumbers along each axis, and whether a mode is in the band and below the Nyquist wavenumber
function wavenumbers(shape)
    numbers = [[j <= (n - 1) / 2 ? j : j - n for j in 0:n-1] for n in shape]
    axes_of_k = [2pi / L * n for (L, n) in zip(LENGTHS, numbers)]
    kept = [
        (abs.(k) .<= BAND * (1 + 1e-9)) .& (abs.(k) .< 0.999 * pi * n / L)
        for (k, n, L) in zip(axes_of_k, shape, LENGTHS)
    ]
    length(shape) == 1 && return (axes_of_k[1],), kept[1]
    return (axes_of_k[1], reshape(axes_of_k[2], 1, :)), kept[1] .& reshape(kept[2], 1, :)
end

# the transform of $forces $of_modes
function gradient(modes, to_modes, to_field, $wave)
$gradient
    return g
end

# the linear part of the equation, $linear_part, the nonlinear one, and the modes that evolve
function parts(shape)
    to_modes, to_field = transforms(shape)
    wave, inside = wavenumbers(shape)
    K = ($K) .* inside
    nonlinear(modes) = -K .* gradient(modes, to_modes, to_field, wave...)
    return -K .* q.(wave...), nonlinear, inside, to_modes, to_field
end

# u_t of $a_state
function rhs(u)
    linear, nonlinear, inside, to_modes, to_field = parts(size(u))
    modes = to_modes(u$about)
    return to_field(linear .* modes + nonlinear(modes .* inside))
end

# fourth-order Runge-Kutta with the integrating factor exp(h * linear)
function step(modes, h, linear, nonlinear)
    half = exp.(0.5 * h * linear)
    a = nonlinear(modes)
    b = nonlinear(half .* (modes + 0.5 * h * a))
    c = nonlinear(half .* modes + 0.5 * h * b)
    d = nonlinear(half .* (half .* modes + h * c))
    return half .* (half .* (modes + h / 6 * a) + h / 3 * (b + c)) + h / 6 * d
end

# a vector of fields at these times, from u0 at the first of them; steps are halved and compared
function simulate(u0, times)
    linear, nonlinear, inside, to_modes, to_field = parts(size(u0))
    start = to_modes(u0$about)
    outside = HOLD .* start .* .!inside
    modes = start .* inside
    frames = [${centred}to_field(modes + outside)]
    h = Inf
    for (begun, final) in zip(times[1:end-1], times[2:end])
        now, smallest = begun, 1e-9 * (final - begun)
        while final - now > smallest
            tried = min(h, final - now)
            whole = step(modes, tried, linear, nonlinear)
            halves = step(step(modes, tried / 2, linear, nonlinear), tried / 2, linear, nonlinear)
            error_of_step = norm(halves - whole) / (1e-5 * norm(halves) + 1e-300)
            error_of_step = isfinite(error_of_step) ? error_of_step : Inf
            if error_of_step <= 1
                modes, now = halves, now + tried
            elseif tried < smallest
                error(string("the solution is lost at t = ", now))
            end
            h = tried * min(3.0, max(0.2, 0.9 * max(error_of_step, 1e-9)^-0.2))
        end
        push!(frames, ${centred}to_field(modes + outside))
    end
    return frames
end

# values (columns, rows from below) as a picture: blue, white, red from the smallest to the largest
function picture(values, file; pixels=4)
    low, high = extrema(values)
    shades = (repeat(values, inner=(pixels, pixels)) .- low) ./ max(high - low, 1e-300)
    width, height = size(shades)
    padding = mod(-3 * width, 4)
    open(file, "w") do out
        write(out, "BM", UInt32.((54 + (3 * width + padding) * height, 0, 54, 40, width, height))...)
        write(out, UInt16(1), UInt16(24), zeros(UInt32, 6))
        for j in 1:height
            for shade in view(shades, :, j)
                blue, green, red = min(1, 2 - 2shade), 1 - abs(2shade - 1), min(1, 2shade)
                write(out, round.(UInt8, 255 .* (blue, green, red))...)
            end
            write(out, zeros(UInt8, padding))
        end
    end
    println("wrote ", file)
end

function main()
    x = [(0:POINTS-1) * L / POINTS for L in LENGTHS]
    u0 = length(LENGTHS) == 1 ? initial.(x[1]) : initial.(x[1], reshape(x[2], 1, :))
    u = simulate(u0, range(0, stop=TIME, length=FRAMES))
$shown
end

if abspath(PROGRAM_FILE) == @__FILE__
    main()
end
""")


ONE: Mapping[str, str] = {
    "fields": "",
    "centre_line": "const CENTRE = $centre\n",
    "force_of": """\
# F'(v); u stands for v
force(u) = 0.0 * u + $force""",
    "smooth": "a smooth field",
    "field": "$initial",
    "about_transforms": "field to modes, modes to field",
    "pair": "    return field -> along(forward, field), modes -> real(along(back, modes))",
    "K": "m.(wave...) .+ im .* w.(wave...)",
    "linear_part": "a number for each mode",
    "a_state": "a field",
    "about": " .- CENTRE",
    "centred": "CENTRE .+ ",
    "pictures": "a picture, law_julia.bmp",
    "shown": """\
    println("t = ", TIME, ": u from ", minimum(u[end]), " to ", maximum(u[end]))
    if length(LENGTHS) == 1
        picture(permutedims(reduce(hcat, u)), "law_julia.bmp")  # t to the right, x upwards
    else
        picture(u[end], "law_julia.bmp")  # the last field
    end""",
}
SEVERAL: Mapping[str, str] = {
    "fields": "const FIELDS = $quoted  # a state is an array on the grid of vectors of these\n",
    "centre_line": "",
    "force_of": """\
# the derivatives of F by the fields at a point
function force(u)
    $names = u
    return [$force]
end""",
    "smooth": "smooth fields",
    "field": "[$initial]",
    "about_transforms": "fields to modes, modes to fields, both arrays of vectors",
    "pair": """\
    together(parts...) = [parts...]
    each(transform, states) = map(together, (transform(getindex.(states, j)) for j in 1:$n)...)
    to_modes(fields) = each(field -> along(forward, field), fields)
    to_fields(modes) = each(part -> real(along(back, part)), modes)
    return to_modes, to_fields""",
    "K": "m.(wave...) .+ w.(wave...)",
    "linear_part": "a matrix for each mode",
    "a_state": "fields, an array on the grid of vectors ($names)",
    "about": "",
    "centred": "",
    "pictures": "a picture of each field, law_julia_$first_name.bmp, ...",
    "shown": """\
    for (j, name) in enumerate(FIELDS)
        values = [getindex.(state, j) for state in u]
        println("t = ", TIME, ": ", name, " from ", minimum(values[end]), " to ", maximum(values[end]))
        shown = length(LENGTHS) == 1 ? permutedims(reduce(hcat, values)) : values[end]
        picture(shown, string("law_julia_", name, ".bmp"))  # t to the right, x upwards
    end""",
}


def julia_script(law: Law) -> str:
    """A program that simulates the law in Julia; it needs no package.

    Its rhs(u) is u_t of a field (*grid), its simulate(u0, times) a vector of fields, by steps of fourth order
    (integrating factor), adapted. Several fields are a vector at each point, a symbol a matrix at each mode.

    Raises:
        ValueError: the law holds a function that Julia does not have.
    """
    texts = spectral_text(law, JULIA) | constants(law, JULIA) | {"first_name": law.fields[0]}
    parts = SEVERAL if law.several else ONE
    texts |= {name: Template(part).substitute(texts) for name, part in parts.items()}
    return SCRIPT.substitute(texts, notes=heading(law, ORDER))
