"""The device in use: how it is chosen, what is made there, what is said where there is none or no room."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from mesoscribe.diagnostics.runs.options import Device
from mesoscribe.hybrid.dynamics.discrete_gradient import DiscreteGradient
from mesoscribe.hybrid.space.device import NAMES, array, chosen, described, here, on, tensor
from mesoscribe.hybrid.space.linear_algebra import back_substituted, contraction, dot, products, qr
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG, simulate
from tests.support.laws import LAWS, smooth

ROOT = Path(__file__).resolve().parents[3]
CPU = torch.device("cpu")
NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
MAKERS = "tensor as_tensor zeros ones full empty eye arange linspace rand randn"
ON_THE_CPU = {  # models are made on the CPU and moved; what follows is not on the way of large data
    *(
        f"hybrid/energy/{name}.py"
        for name in ("potential", "nonlocal_energy", "local_energy", "field_network")
    ),
    *(f"hybrid/{name}.py" for name in ("energy/coupled_potential", "learn/symbol_parameters")),
    *(f"hybrid/learn/{name}.py" for name in ("onsager", "imitate", "fit_forces", "checkpoint", "training")),
    *(f"hybrid/space/{name}.py" for name in ("mode_pairs", "symbols", "linear_algebra")),
    *(f"hybrid/chain/{name}.py" for name in ("partial_forces", "site_forces", "linear_wave")),
    *(f"symbolic/law/{name}.py" for name in ("canonical",)),
    *(f"diagnostics/{name}.py" for name in ("pages/plots", "measure/probes")),
}


def test_names_are_those_of_the_option() -> None:
    assert get_args(Device) == NAMES


def test_tensors_are_made_on_the_cpu_unless_asked(other_device: torch.device) -> None:
    assert here() == CPU
    with on(other_device):
        assert here() == other_device
        x = tensor(np.arange(3.0))
        assert x.device == other_device
        assert tensor([1.0], like=torch.zeros(1)).device == CPU
        with on(None):
            assert here() == other_device
        with on("cpu"):
            assert tensor(2.0).device == CPU
        np.testing.assert_array_equal(array(2 * x), [0.0, 2.0, 4.0])
    assert here() == CPU
    assert tensor(np.arange(3.0)).device == CPU


def test_a_model_goes_there_and_comes_back(other_device: torch.device) -> None:
    model = torch.nn.Linear(2, 2)
    before = model.weight.detach().clone()
    with on(other_device, model):
        assert model.weight.device == other_device
    assert model.weight.device == CPU
    torch.testing.assert_close(model.weight.detach(), before, rtol=0, atol=0)


def test_a_read_only_array_is_copied() -> None:
    values = np.zeros(3)
    values.flags.writeable = False
    tensor(values)[0] = 1.0
    assert values[0] == 0.0


@NO_GPU
def test_auto_takes_the_cpu_where_there_is_no_gpu() -> None:
    assert chosen("auto") == CPU
    with on("auto"):
        assert described() == "cpu"


@NO_GPU
def test_cuda_is_refused_where_there_is_no_gpu() -> None:
    with pytest.raises(ValueError, match=r"^expected a CUDA device, got none \(.*\); leave --device out"):
        chosen("cuda")


def test_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="expected device cpu, cuda, auto, got 'gpu'"):
        chosen("gpu")


def test_full_memory_is_told_in_one_line() -> None:
    full = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.\nAnd more lines.")
    model, there = (
        torch.nn.Linear(2, 2),
        "^expected the work to fit the memory of .*; take fewer",
    )
    with pytest.raises(MemoryError, match=there) as told, on("cpu", model):
        raise full
    assert "\n" not in str(told.value)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")
def test_a_gpu_says_its_name_and_what_was_too_large_for_it() -> None:
    with on("cuda"):
        assert torch.cuda.get_device_name(0) in described()
    with pytest.raises(MemoryError, match=r"GiB \([\d.]+ free of other work\)"), on("cuda"):
        tensor(0.0).expand(2**50).clone()


def test_linear_algebra_is_that_of_the_cpu(other_device: torch.device) -> None:
    rng = np.random.default_rng(0)
    A, z = rng.normal(size=(7, 3)), rng.normal(size=(4, 5, 2)) + 1j * rng.normal(size=(4, 5, 2))
    for device in (CPU, other_device):
        with on(device):
            a, b = tensor(A.copy()), tensor(z)
            Q, R = qr(tensor(A.copy()))
            assert Q.device == R.device == device
            np.testing.assert_allclose(array(dot(Q, R)), A, atol=1e-14)
            np.testing.assert_allclose(np.tril(array(R), -1), 0, atol=1e-14)
            x = back_substituted(R, dot(Q.T, dot(a, tensor(np.ones((3, 1))))))
            np.testing.assert_allclose(array(x), np.ones((3, 1)), rtol=1e-12)
            found = array(contraction("wka,wkb->kab", b.conj(), b))
            np.testing.assert_allclose(found, np.einsum("wka,wkb->kab", z.conj(), z), rtol=1e-13)
            np.testing.assert_allclose(array(products(b)), found, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_simulated_as_on_the_cpu(name: str, other_device: torch.device) -> None:
    law, u0, times = LAWS[name], smooth(LAWS[name]), np.linspace(0.0, 1e-3, 4)
    there = law.simulate(u0, times, device=other_device)
    np.testing.assert_allclose(there, law.simulate(u0, times), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["allen_cahn", "kdv", "ohta_kawasaki", "allen_cahn_2d"])
def test_data_of_the_catalogue_are_those_of_the_cpu(name: str, other_device: torch.device) -> None:
    there, here = (
        simulate(name, 2, n_frames=5, points=32, seed=1, device=device).u for device in (other_device, "cpu")
    )
    np.testing.assert_allclose(there, here, atol=1e-7)


def test_a_scheme_that_keeps_the_energy_law_works_there(other_device: torch.device) -> None:
    data = simulate("allen_cahn", 2, n_frames=4, points=32, seed=1)
    law: Law = CATALOG["allen_cahn"].law
    scheme = DiscreteGradient(data.dt)
    paths = [law.simulate(data.u[:, 0], data.t, scheme=scheme, device=d) for d in ("cpu", other_device)]
    np.testing.assert_allclose(paths[1], paths[0], atol=1e-9)


def test_every_tensor_is_made_on_a_device_that_is_named() -> None:
    unnamed = []
    for path in (p for room in ("hybrid", "symbolic", "diagnostics") for p in (ROOT / room).rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text())) if name not in ON_THE_CPU else ():
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            call = ast.unparse(node.func)
            made = call in {f"torch.{maker}" for maker in MAKERS.split()}
            if made and "device" not in {keyword.arg for keyword in node.keywords}:
                unnamed.append(f"{name}:{node.lineno} {call}")
    assert not unnamed
