"""Runs every notebook from top to bottom on bundled data, and compares the layout of the result files with the one the
notebooks were written for.

    scripts/check-notebooks            run; nothing in the checkout changes
    scripts/check-notebooks --write    also keep the outputs in Notebooks/ and the layout in Notebooks/layouts.json
"""

import json
import os
import pathlib
import sys
import tempfile
import time

import h5py
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from results import codec

NOTEBOOKS = pathlib.Path(__file__).resolve().parent


def layout(path: pathlib.Path) -> dict:
    """Version, and every dataset with the names of its axes."""
    with h5py.File(path) as file:
        datasets = {}

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                datasets[name] = [axis if isinstance(axis, str) else axis.decode() for axis in item.attrs.get("axes", [])]

        file.visititems(visit)
        return {"version": int(file.attrs["schema_version"]), "datasets": datasets}


def differences(known: dict, found: dict) -> list[str]:
    lines = []
    for name in sorted(known.keys() | found.keys()):
        before, now = known.get(name), found.get(name)
        if before is None or now is None:
            lines.append(f"{name} is {'new' if before is None else 'gone'}")
            continue
        if before["version"] != now["version"]:
            lines.append(f"{name}: version {before['version']} became {now['version']}")
        for path in sorted(before["datasets"].keys() | now["datasets"].keys()):
            if before["datasets"].get(path) != now["datasets"].get(path):
                lines.append(f"{name}: /{path} was {before['datasets'].get(path)}, is {now['datasets'].get(path)}")
    return lines


def run(path: pathlib.Path, folder: pathlib.Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def tidied(notebook: nbformat.NotebookNode, folder: pathlib.Path) -> nbformat.NotebookNode:
    """Without times of execution and the temporary folder, which would make every run differ."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = output.text.replace(f"{folder}/", "")
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def layouts(folder: pathlib.Path) -> dict:
    """Of all result files in a folder and the folders in it, by their paths; further seeds' are like the first's."""
    paths = sorted(path for path in folder.rglob("*.h5") if "seed" not in path.name)
    return {str(path.relative_to(folder)): layout(path) for path in paths}


def main() -> None:
    write = "--write" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        codec("demo", "--out", folder / "codec-demo")
        os.environ.update(
            CODEC_DEMO=str(folder / "codec-demo"), CODEC_WORK=str(folder / "codec-work"), PYTHONPATH=str(NOTEBOOKS),
            PYTHONDONTWRITEBYTECODE="1", MPLBACKEND="module://matplotlib_inline.backend_inline")
        failures = []
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            start = time.monotonic()
            try:
                notebook = run(path, folder)
            except CellExecutionError as error:
                failures.append(f"{path.name}: {error}")
                continue
            print(f"{path.name}: ran in {time.monotonic() - start:.0f} s", flush=True)
            if write:
                nbformat.write(tidied(notebook, folder), path)
        # After the notebooks, which make some of the files; a changed layout explains why one failed.
        record, found = NOTEBOOKS / "layouts.json", layouts(folder)
        if write and not failures:
            record.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        known = json.loads(record.read_text())
        changed = differences({name: known[name] for name in known if name in found or not failures}, found)
        if changed:
            failures.append(
                "The result files are not laid out as the notebooks know them:\n  " + "\n  ".join(changed)
                + "\nMend Notebooks/ where they read what changed, then run scripts/check-notebooks --write")
        if failures:
            sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
