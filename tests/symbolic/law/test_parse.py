"""Formulas as text: what is printed is read back, and nothing else is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sympy

from mesoscribe.symbolic.law.factor import WAVENUMBERS, k, kx, ky, u
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.parse import MAX_LENGTH, parse

LIBRARIES = [(ndim, polynomials(ndim)) for ndim in (1, 2)]
TERMS = [(term, (u,)) for _, library in LIBRARIES for term in library.F] + [
    (term, WAVENUMBERS[ndim]) for ndim, one in LIBRARIES for term in (*one.q, *one.m, *one.w)
]
OTHERS = [
    (sympy.sin(u) * sympy.exp(-(u**2) / 3), (u,)),
    (sympy.log(1 + u**2) + sympy.cosh(u) - sympy.tanh(2 * u), (u,)),
    (sympy.Rational(22, 7) * u ** sympy.Rational(3, 2), (u,)),
    (sympy.sqrt(2) * sympy.Abs(u) ** 3 * sympy.sign(u), (u,)),
    (1.5 * u - 1e-300 * u**2 + 1e10, (u,)),
    (kx * ky / (kx**2 + ky**2) ** 2, (kx, ky)),
    (sympy.Abs(k) ** sympy.Rational(-1, 2), (k,)),
    (sympy.Abs(k) ** 1.503, (k,)),
    (k * sympy.Abs(k) ** 0.515, (k,)),
    (sympy.exp(-0.2018 * kx**2 - 0.2018 * ky**2), (kx, ky)),
    (1 / (1 + 0.07301 * k**2), (k,)),
    (sympy.Integer(0), (u,)),
    (-u, (u,)),
]
HOSTILE = """
__import__('os').system('touch PLACE')
open('PLACE','w').write('x')
exec("open('PLACE','w')")
eval('1')
getattr(u,'diff')
u.__class__
u.__class__.__mro__[1].__subclasses__()
u.diff(u)
u.subs
().__class__
(lambda: u)()
lambda u: u
[u for u in (1,2)]
{u for u in (1,2)}
{u: u for u in (1,2)}
(u for u in (1,2))
[u]
{u}
{'u': u}
(u,u)
u[0]
u[0:1]
*u
u if u else u
u and u
u or u
not u
u < u
u == u
u is u
u in u
(u:=3)
await u
yield u
f'{u}'
f"{__import__('os').system('touch PLACE')}"
'u'
b'u'
'u' * 9
"u" "u"
...
None
True
1j
u @ u
u // 2
u % 2
u << 3
u | u
u ^ 2
~u
+u
v
k
x1
Symbol('u')
sympify('u')
factorial(u)
gamma(u)
Sum(u)
Lambda(u, u)
sin
sin()
sin(u, u)
sin(u, evaluate=False)
sin(*u)
sin(**u)
sqrt(u, 2)
sqrt(x=u)
sin(u)(u)
u(u)
2(3)
9**9**9
9**9**9**9
(((9**64)**64)**64)**64
2**65
u**65
u**u
u**(1/0)
u**exp(exp(exp(exp(9))))
exp(exp(exp(exp(9))))
exp(exp(exp(99.0)))
sign(exp(exp(exp(exp(9)))) - 1)
((1 + u)**64)**64
(1 + u)**64*(2 + u)**64
((1 + u)**64 + 1)**64
1e999
-1e999
1/0
1/(u - u)
u/(0*u)
log(0)
(0*u)**(-1)
sqrt(-1)*u
(-2)**0.5
log(-1)
u +
(u
u)
u u
2u
u;u
u=3
u:3
import os
del u
pass
return u
ｕ
ｕ**2
𝑢
u²
u × u
е**2
u\u200b
u\u202e+1
u\x00
$u
u?
u!
`u`
\\
""".strip().split("\n")


@pytest.mark.parametrize(("term", "symbols"), TERMS + OTHERS, ids=str)
def test_what_was_printed_is_read_back(term: sympy.Expr, symbols: tuple[sympy.Symbol, ...]) -> None:
    assert parse(str(term), symbols) == term


@pytest.mark.parametrize("text", [*HOSTILE, "", " ", "#", "\t", "\n", "u\nv", "u\n+1", "u\rv"])
def test_hostile_text_is_refused_in_one_line_and_never_run(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = text.replace("PLACE", str(tmp_path / "place"))
    started = time.perf_counter()
    with pytest.raises(ValueError, match="expected") as refusal:
        parse(written, (u,))
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300
    assert time.perf_counter() - started < 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30 + "u" + ")" * 30 + "**99",
        "-" * 60 + "u",
        "(" * 900 + "u" + ")" * 900,
        "not " * 400 + "u",
        "-" * 1900 + "u",
        "sin(" * 300 + "u" + ")" * 300,
        "u" + "+u" * 900,
        "u" * (MAX_LENGTH + 1),
        "9" * MAX_LENGTH,
        "9" * 301,
        "u.a" * 600,
        "[" * 150 + "]" * 150,
        "1" + "**2" * 600,
    ],
    ids=lambda text: text[:12],
)
def test_deep_and_long_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="expected") as refusal:
        parse(text, (u,))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", [None, 3, b"u", ["u"], {"u": 1}, u])
def test_what_is_not_text_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse(text, (u,))


def test_only_the_symbols_of_the_factor_are_known() -> None:
    assert parse("k**2", (k,)) == k**2
    with pytest.raises(ValueError, match="expected a formula of numbers"):
        parse("kx**2", (k,))
