"""Inputs from strangers: damaged and hostile data files, run folders, formulas and names."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import xarray as xr

N, NT, NX = 3, 6, 16
T, X = np.arange(NT) * 0.1, np.arange(NX) * 0.25
U = np.random.default_rng(0).normal(size=(N, NT, 1)) * np.cos(2 * np.pi * X / 4.0)


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with a random change: bits, bytes, a piece lost, doubled, moved or overwritten."""
    changed = bytearray(content)
    first, last = sorted(int(i) for i in rng.integers(len(content), size=2))
    last = min(last + 1, first + int(rng.integers(1, 64)))
    kind = int(rng.integers(8))
    if kind <= 1:
        for place in rng.integers(len(content), size=1 + int(rng.integers(4))):
            changed[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        changed[first:last] = rng.integers(256, size=last - first, dtype=np.uint8).tobytes()
    elif kind == 3:
        changed[first:last] = bytes([int(rng.choice([0, 255, 34, 45, 57, 91, 123]))]) * (last - first)
    elif kind == 4:
        del changed[int(rng.integers(len(content))) :]
    elif kind == 5:
        del changed[first:last]
    elif kind == 6:
        changed[first:first] = changed[first:last] * int(rng.integers(1, 5))
    else:
        place = int(rng.integers(len(content)))
        changed[place : place + last - first] = changed[first:last]
    return bytes(changed)


def written(folder: Path) -> list[Path]:
    """The same trajectories in every format that is read."""
    folder.mkdir()
    dims = ("trajectory", "time", "x")
    labelled = xr.Dataset({"u": (dims, U)}, {"time": T, "x": X})
    with h5py.File(folder / "a.h5", "w") as file:
        file["u_sol_all"], file["t_coord"], file["x_coord"] = U[..., None], T, X
    with h5py.File(folder / "b.hdf5", "w") as file:
        file.create_dataset("data", data=U[:, :, None], chunks=(1, NT, 1, NX), compression="gzip")
        file["times"] = T
        file.attrs["length"] = 4.0
    np.savez(folder / "c.npz", u=U, t=T, x=X)
    np.savez_compressed(folder / "d.npz", u=U.astype("f4"), t=T, x=X, layout="ntx")
    scipy.io.savemat(folder / "e.mat", {"usol": U[0].T, "x": X, "t": T})
    scipy.io.savemat(folder / "f.mat", {"uu": U[0].T, "x": X, "tt": T}, do_compression=True)
    cells = np.empty((1, N), dtype=object)
    cells[0] = [*U]
    scipy.io.savemat(folder / "n.mat", {"u": cells, "x": X, "t": T})
    labelled.to_netcdf(folder / "g.nc", engine="h5netcdf")
    labelled.to_netcdf(folder / "h.nc", engine="scipy", format="NETCDF3_64BIT")
    labelled.to_zarr(folder / "i.zarr", consolidated=False)
    labelled.to_zarr(folder / "j.zarr", zarr_format=2)
    table = np.column_stack([np.append(0.0, T), np.vstack([X, U[0]])])
    np.savetxt(folder / "k.csv", table, delimiter=",")
    rows = [[t, x, u] for t, row in zip(T, U[0], strict=True) for x, u in zip(X, row, strict=True)]
    np.savetxt(folder / "l.csv", rows, delimiter=",", header="t,x,u", comments="")
    with h5py.File(folder / "m.h5", "w") as file:
        for i in range(N):
            file[f"{i}/u"], file[f"{i}/t"], file[f"{i}/x"] = U[i], T, X
            file[f"{i}/u"].attrs.update({"scale_factor": 1.0, "_FillValue": -9999.0})
    return sorted(folder.iterdir())


def mutate(path: Path, rng: np.random.Generator) -> bool:
    """Change one file of a folder, or a file; whether anything changed."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    chosen = files[int(rng.integers(len(files)))]
    if path.is_dir() and rng.random() < 0.05:
        chosen.unlink()
        return True
    before = chosen.read_bytes()
    after = mutated(before, rng) if before else b"0"
    chosen.write_bytes(after)
    return before != after


VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3.5, -2.5e-7, 1e300, float("inf"), float("nan"), 10**30, -(2**63)),
    *("", "kdw", "1", "../../etc/passwd", "/dev/zero", "a\nb\x1b[31m", "__import__('os').system('id')"),
    *([], {}, [[]], [None], {"": None}, [[[[[[[[]]]]]]]], [1, 2, 3], {"term": "u**64", "value": 1}),
)


def forge(folder: Path, rng: np.random.Generator) -> None:
    """Change a value in a JSON file of a run folder, or bytes of a file, and the network's hash to match."""
    files = [
        *sorted(folder.glob("*.json")),
        folder / "model/model.json",
        folder / "model/weights.safetensors",
    ]
    chosen = files[int(rng.integers(len(files)))]
    if chosen.suffix != ".json" or rng.random() < 0.25:
        mutate(chosen, rng)
    else:
        content = json.loads(chosen.read_text())
        for _ in range(int(rng.integers(1, 4))):
            _forge_value(content, rng)
        chosen.write_text(json.dumps(content))
    try:
        settings = json.loads((folder / "model/model.json").read_text())
        weights = (folder / "model/weights.safetensors").read_bytes()
        settings["weights"]["sha256"] = hashlib.sha256(weights).hexdigest()
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return
    (folder / "model/model.json").write_text(json.dumps(settings))


def _forge_value(content: Any, rng: np.random.Generator) -> None:
    """Replace, remove, double or exchange a value somewhere in an object."""
    places = list(_places(content))
    if not places:
        return
    holder, key = places[int(rng.integers(len(places)))]
    other, its = places[int(rng.integers(len(places)))]
    kind = rng.random()
    if kind < 0.6:
        holder[key] = deepcopy(VALUES[int(rng.integers(len(VALUES)))])
    elif kind < 0.75:
        del holder[key]
    elif kind < 0.9:
        holder[key] = json.loads(json.dumps(other[its]))
    elif isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[f"{key} "] = holder[key]


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in an object: what holds it, and its key or number."""
    keys = (
        list(content)
        if isinstance(content, dict)
        else range(len(content))
        if isinstance(content, list)
        else ()
    )
    for key in keys:
        yield content, key
        yield from _places(content[key])


def copied(source: Path, target: Path) -> Path:
    """A fresh copy of a file or folder."""
    if target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        return Path(shutil.copytree(source, target))
    return Path(shutil.copyfile(source, target))


PAYLOADS = """
__import__('os').system('touch /tmp/owned') | eval('1') | exec('x=1') | open('/etc/passwd').read()
os.system('id') | ().__class__.__bases__[0].__subclasses__() | u.__class__ | u.func | u.subs(u, 1) | u[0]
u[:] | (lambda: 1)() | [u for u in (1, 2)] | {u: 1} | {u} | [u] | (u, u) | f'{u}' | 'u' | b'u'
u if u else 1 | not u | u and 1 | u or 1 | u < 1 | u == u | u is u | u in u | u @ u | u % 2 | u // 2
u << 9 | u >> 1 | u & 1 | u ^ 1 | u|u | ~u | +u | *u | **u | (u := 1) | yield u | await u | 1j | True
None | ... | v | U | I | oo | zoo | nan | inf | pi | E | S | Symbol('u') | 10**10**10 | 9**9**9**9
2**100000 | u**100000 | u**u | 2**u | u**(1/u) | u**-100 | 1e999 | 1e308*1e308 | 1/0 | u/0 | 0**-1
(u - u)**-1 | log(0) | sqrt(-1) | (-1)**0.5 | log(u, 2) | sin() | sin(u, u) | sin(x=u) | sin(*u)
sin(**u) | gamma(u) | Integral(u, u) | Lambda(u, u)(1) | Function('f')(u) | sympify('1')
factorial(10**9) | exp(exp(exp(99))) | import os | u; u | u = 1 | del u | pass | return u | u\\nu | u # v
u\\x00 | ü | ｕ | u² | 1_000_000**64 | 0x | 1..2 | u.real
"""


def expressions() -> list[str]:
    """Formulas that must be refused, each alone and inside others."""
    deep = [
        "(" * 300 + "u" + ")" * 300,
        "-" * 500 + "u",
        "sin(" * 60 + "u" + ")" * 60,
        "+".join(["u"] * 2000),
    ]
    deep += [
        "u**64*" * 30 + "u",
        "(1+u)**64**2",
        "((u+1)**60+1)**60",
        "9" * 1000,
        "u" * 3000,
        "",
        " ",
        "(",
        "u u",
    ]
    lines = [line.split(" | ") for line in PAYLOADS.strip().splitlines()]
    payloads = [
        part.encode().decode("unicode_escape") if "\\" in part else part for line in lines for part in line
    ]
    inside = [wrapping.format(p) for wrapping in ("u + {}", "exp({})", "2*({})") for p in payloads]
    return [*deep, *payloads, *inside]


NAME_PARTS = r"""
<script>alert(1)</script> | "><img src=x onerror=alert(1)> | {{7*7}} | {% include '/etc/passwd' %}
' OR 1=1 -- | \input{/etc/passwd} | \write18{id} | $\catcode`\%=12$ | \end{document} | %0a | ^^41
#1 & _ ~ | \\ | \def\x{\x}\x | $(touch /tmp/owned) | `id` | ; rm -rf . | || id | && id | > /dev/null
../../etc/passwd | /dev/zero/x | ~root | -rf
"""


def names() -> list[str]:
    """Names that must change no page, document, script or terminal."""
    parts = [part for line in NAME_PARTS.strip().splitlines() for part in line.split(" | ")]
    parts += [
        '"""\nimport os\nos.system("id")\n"""',
        "\x1b[2J\x1b[31mred",
        "\x07",
        "a\rb",
        "a\nb",
        "\u202egnp.exe",
    ]
    parts += [
        "\u200b",
        "\udcff",
        "é" * 300,
        "a" * 5000,
        "\t",
        "😀",
        "ﷺ",
        "\uffff",
        "%s%n%x",
        "{0.__class__}",
    ]
    parts += ["${HOME}", "CON", "nul", "__proto__", "=1+1", "@SUM(1)", "\u2028", "=cmd|id", "\x7f", "кdv"]
    return [before + part + ending for part in parts for before in ("", "x") for ending in ("", ".h5", "/ y")]
