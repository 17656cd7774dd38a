"""The manifest of a run folder: the size and hash of every file, so that no change goes unnoticed."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable
from pathlib import Path

from mesoscribe.hybrid.data.files import write_whole

FORMAT = 1
MANIFEST = "manifest.json"
INCOMPLETE, REVISION = "incomplete", "incomplete-revision"  # where results wait until all of them are there
PAGES = ("report.html", "report.md", "figures", "metrics.json")
RESULTS = ("model", "run.json", "law.json", "laws.json", "law.tex", "law.md", *PAGES)
Entries = dict[str, dict[str, int | str]]


def entries(folder: Path, names: Iterable[str] = RESULTS) -> Entries:
    """Size and SHA-256 of every file of these names in a folder, and in folders of these names.

    Raises:
        ValueError: a link, or anything else that is not a plain file.
    """
    found: Entries = {}
    for path in sorted(path for name in names for path in _files(folder / name)):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError(
                f"expected plain files in {folder}, got {path.name}, which is not one; remove it"
            )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": digest}
    return found


def _files(path: Path) -> list[Path]:
    """A file, or all that a folder holds, links not followed."""
    waiting, files = [path] if path.is_symlink() or path.exists() else [], []
    while waiting:
        path = waiting.pop()
        if path.is_dir() and not path.is_symlink():
            waiting += path.iterdir()
        else:
            files.append(path)
    return files


def text(files: Entries) -> str:
    """The text of a manifest: a hash and a name for each file."""
    return json.dumps({"format": FORMAT, "files": files}, indent=1, sort_keys=True) + "\n"


def listed(folder: Path) -> Entries:
    """The files that the manifest of a folder names.

    Raises:
        ValueError: it is missing, or not what `text` wrote.
    """
    try:
        content = (folder / MANIFEST).read_text("utf-8")
        files = json.loads(content)["files"]
        if content != text(files) or not all(isinstance(entry["bytes"], int) for entry in files.values()):
            raise ValueError("it was changed")
        return files
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"expected a readable {MANIFEST} in {folder}, got: {' '.join(str(error).split())}; run again"
        ) from None


def verify(folder: Path) -> None:
    """Read nothing of a folder that has changed since it was written.

    A folder without run.json is none of a run: its files speak for themselves.

    Raises:
        ValueError: a file is missing, new or of other content, or the run was interrupted.
    """
    if not (folder / MANIFEST).exists():
        if any((folder / name).is_dir() for name in (INCOMPLETE, REVISION)):
            raise ValueError(
                f"expected a finished run in {folder}, got one that was interrupted; go on with the same "
                f"command and --resume"
            )
        if (folder / "run.json").exists():
            raise ValueError(f"expected {MANIFEST} in {folder}, got none; run again with --force")
        return
    known = listed(folder)
    present = {
        path.relative_to(folder).as_posix(): path for name in RESULTS for path in _files(folder / name)
    }
    changed = [name for name in known.keys() ^ present.keys()]
    changed = changed or [n for n, path in present.items() if path.lstat().st_size != known[n]["bytes"]]
    changed = changed or [name for name, entry in entries(folder).items() if entry != known[name]]
    if changed:
        raise ValueError(
            f"expected {folder} as it was written, got a changed, new or missing {min(changed)!r}; run "
            f"again, or read the file itself with Law.load or OnsagerModel.load"
        )


def seal(folder: Path, kept: Entries | None = None) -> None:
    """Write the manifest of a folder, with the entries of files that are kept elsewhere."""
    write_whole(folder / MANIFEST, text({**(kept or {}), **entries(folder)}))
