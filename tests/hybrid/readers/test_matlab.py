"""MAT-files: what SciPy reads is read the same, and a file cut off anywhere is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mesoscribe.hybrid.readers.matlab import NUMERIC, variables

TYPES = [np.dtype(code) for code in ("f8", "f4", "c16", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")]
ARRAYS = st.sampled_from(TYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=4))
)


@given(first=ARRAYS, second=ARRAYS, compressed=st.booleans())
@settings(max_examples=60, deadline=None)
def test_arrays_are_those_that_scipy_reads(
    first: np.ndarray, second: np.ndarray, compressed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("mat") / "a.mat"
    arrays = {"u": first, "a_longer_name": second}
    scipy.io.savemat(path, arrays, do_compression=compressed)
    expected = scipy.io.loadmat(path)
    found = {variable.name: variable for variable in variables(path)}
    assert found.keys() == arrays.keys()
    for name, variable in found.items():
        values = variable.values(path)
        assert variable.shape == expected[name].shape
        np.testing.assert_array_equal(values, expected[name])


def test_what_is_not_numbers_is_named(tmp_path: Path) -> None:
    content = {"s": {"a": 1.0}, "c": np.array([[1], ["a"]], dtype=object), "t": "text", "b": np.array([True])}
    scipy.io.savemat(tmp_path / "a.mat", content)
    kinds = {variable.name: variable.kind for variable in variables(tmp_path / "a.mat")}
    assert kinds == {"s": "struct", "c": "cell", "t": "char", "b": "logical"}
    assert not NUMERIC.keys() & set(kinds.values())


@pytest.mark.parametrize("compressed", [False, True])
def test_file_that_is_cut_off_is_refused(compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"u": np.arange(12.0).reshape(3, 4)}, do_compression=compressed)
    content = path.read_bytes()
    for length in range(129, len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="cut off|damaged"):
            list(variables(path))


def test_older_versions_are_named(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"u": np.eye(20)}, format="4")
    with pytest.raises(ValueError, match="version 5 or 7.3; save it with -v7"):
        list(variables(tmp_path / "a.mat"))
