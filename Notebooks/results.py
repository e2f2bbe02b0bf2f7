"""Finds `codec` and its result files, and opens them: all the notebooks have in common."""

import os
import pathlib
import shutil
import subprocess

import h5py
import numpy as np

# The layouts these notebooks were written for. `scripts/check-notebooks` fails when the program writes others.
VERSIONS = {
    name: 1
    for name in [
        "contributions", "modes", "clusters", "irf", "explorer", "cells", "training-history", "statistics", "classes", "perturb",
        "maps",
    ]
}

# Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B", "#4D4D4D"]


def bundled(path: str) -> pathlib.Path:
    """A file of the checkout."""
    return pathlib.Path(__file__).resolve().parent.parent / path


def program() -> str:
    """The `codec` program: `$CODEC`, the one on the PATH, or the one built in this checkout."""
    built = bundled(".build/release/codec")
    found = os.environ.get("CODEC") or shutil.which("codec") or (str(built) if built.exists() else None)
    if found is None:
        raise FileNotFoundError("codec is neither in $CODEC, on the PATH, nor built here: run make demo first")
    return found


def codec(*arguments) -> str:
    """Runs `codec` and returns what it printed; raises with its error message where it fails."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def demo_folder() -> pathlib.Path:
    """The results of `codec demo`: `$CODEC_DEMO`, or made now in `codec-demo` beside the notebooks."""
    folder = pathlib.Path(os.environ.get("CODEC_DEMO", pathlib.Path(__file__).parent / "codec-demo"))
    if not (folder / "report.html").exists():
        codec("demo", "--out", folder)
    return folder


def work_folder(name: str) -> pathlib.Path:
    """A folder for what a notebook makes: in `$CODEC_WORK`, or in `codec-work` beside the notebooks."""
    folder = pathlib.Path(os.environ.get("CODEC_WORK", pathlib.Path(__file__).parent / "codec-work")) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_result(path, schema: str) -> h5py.File:
    """Opens a result file of the layout these notebooks know."""
    file = h5py.File(path)
    found = (file.attrs.get("schema"), int(file.attrs.get("schema_version", -1)))
    if found != (schema, VERSIONS[schema]):
        raise ValueError(f"{path} holds {found}; this notebook reads {(schema, VERSIONS[schema])}")
    return file


def symmetric(values) -> dict:
    """Arguments of imshow for signed values: blue below zero, red above, white at zero."""
    limit = float(np.nanmax(np.abs(values))) or 1.0
    return {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
