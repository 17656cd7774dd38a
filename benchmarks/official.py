"""Runs of `mesoscribe run` on data files over several splits: medians of the errors, and the coefficients.

python benchmarks/official.py FILE [FILE ...] --seeds 5
python benchmarks/official.py fput_train.hdf5 --seeds 1 --pays 1.2
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

STEPS = ("1", "5", "20", "last")


def run(file: Path, seed: int, options: list[str]) -> dict[str, object]:
    """metrics.json of one run with further options, and the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        started = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "mesoscribe",
            "run",
            str(file),
            "--out",
            str(out),
            "--seed",
            str(seed),
        ]
        subprocess.run([*command, *options, "--quiet"], check=True)
        return {**json.loads((out / "metrics.json").read_text()), "wall": time.perf_counter() - started}


def table(file: Path, runs: list[dict]) -> str:
    """Markdown: a row for each predictor, then the terms of each split."""
    lines = [
        f"### {file.name}: median of {len(runs)} splits, "
        f"{median(r['wall'] for r in runs):.0f} s a run ({max(r['wall'] for r in runs):.0f} s at most)",
        "",
        "| | step 1 | step 5 | step 20 | last |",
        "|---|---|---|---|---|",
    ]
    rows = {"persistence": [r["persistence"] for r in runs]}
    rows |= {name: [r[name]["relative_rmse"] for r in runs] for name in ("network", "law")}
    for name, errors in rows.items():
        cells = (median(e[step] for e in errors) for step in STEPS)
        lines.append(f"| {name} | " + " | ".join(f"{cell:.2e}" for cell in cells) + " |")
    lines.append("")
    for r in runs:
        terms = ", ".join(f"{t['term']}: {t['value']:.7g} ± {t['std_error']:.1g}" for t in r["law"]["terms"])
        lines.append(f"- seed {r['seed']}: {terms}; in class: {r['in_class']}, {r['case']}")
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--pays", help="What a term must reduce the error of validation roll-outs by.")
    arguments = parser.parse_args()
    options = [] if arguments.pays is None else ["--pays", arguments.pays]
    for file in arguments.files:
        print(table(file, [run(file, seed, options) for seed in range(arguments.seeds)]), flush=True)


if __name__ == "__main__":
    main()
