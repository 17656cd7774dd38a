"""What is measured on a long series takes no more than a few copies of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.programs import python

PROGRAM = """
import numpy
from mesoscribe.diagnostics.measure.probes import probe
from tests.support.examples import random_model
model = random_model()
fields = numpy.random.default_rng(0).normal(size=(20001, 32))
energies = probe(model, model.setting.domain).components
status = lambda: open("/proc/self/status").read()
most = lambda: int(status().split("VmHWM:")[1].split()[0])
energies(fields[:10])
before = most()
energies(fields)
print(most() - before)
"""


def test_energies_of_a_long_series_take_few_copies_of_it(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of memory is read from /proc")
    taken = 1024 * int(python(PROGRAM, tmp_path).stdout)
    assert taken < 40 * 20001 * 32 * 8
