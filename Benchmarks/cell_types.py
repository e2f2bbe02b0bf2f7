"""How well `codec` finds cell types whose truth is known, on simulated retinas.

    pip install h5py numpy scikit-learn
    python3 Benchmarks/cell_types.py [--codec .build/release/codec] [--seeds 10] [--out DIR]

Each retina goes through the commands a user types: simulate, contributions, then for every autoencoder seed
decompose and cluster. Printed is the adjusted Rand index (median, range over seeds) of the clusters with the true
types, by modes of each layer and by each cell's own contributions, at the true and at the chosen number of clusters.
A retina of a single type has no such index: there the table says how often types were claimed.
"""
import argparse
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np
from sklearn.metrics import adjusted_rand_score

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "RetinaData" / "Samples"
RETINAS = {
    "bundled, 9 cells, 3 types, trained network": None,
    "18 cells, 3 types": ["--cells", "18"],
    "18 cells, 5 types": [
        "--cells", "18", "--types", "on-sustained,off-transient,on-off,on-transient,off-sustained"],
    "18 cells, 1 type": ["--cells", "18", "--types", "on-sustained"],
}


def clusterings(file):
    """(by, chosen labels, labels for each k) for the contributions and the modes of each layer."""
    groups = {"contributions": file["contributions"]}
    groups |= {f"modes of {name}": group for name, group in file["layers"].items()}
    for by, group in groups.items():
        yield by, group["label"][:], dict(zip(group["k"][:], group["k_label"][:]))


def spread(values):
    return f"{np.median(values):5.2f} ({min(values):.2f} to {max(values):.2f})"


def measure(codec, name, folder, seeds):
    def run(*words):
        subprocess.run([codec, *map(str, words)], check=True, capture_output=True)

    recording, model = SAMPLES / "recording.h5", SAMPLES / "model.safetensors"
    if RETINAS[name]:
        run("simulate", "--out", folder, "--force", "--seed", 1, *RETINAS[name])
        recording, model = folder / "recording.h5", folder / "model.safetensors"
    with h5py.File(recording) as file:
        truth = file["cell_type"][:]
    types = len(set(truth))

    contributions, fields = folder / "contributions.h5", folder / "irf.h5"
    run("contributions", recording, "--model", model, "--out", contributions, "--force",
        "--layers", "conv1,conv2", "--per-cell", 128)
    run("irf", recording, "--model", model, "--out", fields, "--force", "--at", "100,200,300,400,500,600,700,800")
    at_truth, at_choice, chosen, conclusions = {}, {}, {}, []
    for seed in range(seeds):
        modes, clusters = folder / f"modes{seed}.h5", folder / f"clusters{seed}.h5"
        run("decompose", contributions, "--out", modes, "--force", "--no-baselines", "--seed", seed)
        run("cluster", modes, "--irf", fields, "--out", clusters, "--force", "--seed", seed)
        with h5py.File(clusters) as file:
            conclusions.append(file.attrs["conclusion"])
            for by, label, of_k in clusterings(file):
                chosen.setdefault(by, []).append(len(set(label)))
                at_choice.setdefault(by, []).append(adjusted_rand_score(truth, label))
                if types > 1:
                    at_truth.setdefault(by, []).append(adjusted_rand_score(truth, of_k[types]))

    print(f"\n{name}")
    for by in chosen:
        counts = ", ".join(f"{k} ({chosen[by].count(k)}×)" for k in sorted(set(chosen[by])))
        if types > 1:
            print(f"  {by:15}  at {types} clusters {spread(at_truth[by])}"
                  f"   as chosen {spread(at_choice[by])}   chosen {counts}")
        else:
            print(f"  {by:15}  best silhouette at {counts} clusters")
    for words in sorted({conclusion.split(":")[0] for conclusion in conclusions}):
        print(f"  said {sum(c.startswith(words) for c in conclusions)} of {seeds} times: {words}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--codec", default=ROOT / ".build/release/codec")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--out", type=Path, help="where the files are kept (default: nowhere)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for place, name in enumerate(RETINAS):
            folder = (given.out or Path(temporary)) / f"retina{place}"
            folder.mkdir(parents=True, exist_ok=True)
            measure(given.codec, name, folder, given.seeds)


if __name__ == "__main__":
    main()
