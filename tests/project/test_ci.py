"""What continuous integration may not leave out."""

from __future__ import annotations

import pytest

from tests.support.programs import program


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", AssertionError), ("1", AssertionError), ("", pytest.skip.Exception)]
)
def test_missing_program_skips_a_test_but_fails_it_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install some-package"):
        program("a-program-that-nobody-has", "some-package")
