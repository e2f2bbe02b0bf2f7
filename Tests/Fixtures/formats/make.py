"""Makes the recordings of this folder by the libraries that laboratories write such files with.

Run by hand where a format changes: python3 make.py (numpy, h5py, pynwb from PyPI, and ffmpeg). The values follow simple rules,
repeated in the tests: pixel (time, y, x) is (7 time + 3 y + x) modulo 256; spike n of cell c is at 0.013 (n + 1) (c + 1).
"""

import os
import subprocess
from datetime import datetime, timezone

import h5py
import numpy as np
from pynwb import NWBHDF5IO, NWBFile
from pynwb.base import ImageReferences, Images
from pynwb.image import GrayscaleImage, ImageSeries, IndexSeries, RGBImage

FRAMES, HEIGHT, WIDTH, CELLS = 60, 6, 8, 3


def movie(frames=FRAMES):
    time, y, x = np.meshgrid(np.arange(frames), np.arange(HEIGHT), np.arange(WIDTH), indexing="ij")
    return ((7 * time + 3 * y + x) % 256).astype("u1")


def spikes(cell):
    return 0.013 * (np.arange(40) + 1) * (cell + 1)


def session(name, *stimuli, templates=()):
    nwb = NWBFile(session_description="a session", identifier="fixture",
                  session_start_time=datetime(2024, 1, 1, tzinfo=timezone.utc))
    for template in templates:
        nwb.add_stimulus_template(template)
    for stimulus in stimuli:
        nwb.add_stimulus(stimulus)
    for cell in range(CELLS):
        nwb.add_unit(spike_times=spikes(cell), id=cell + 10)
    with NWBHDF5IO(name, "w") as file:
        # The format's own definition would be ten times as large as the data.
        file.write(nwb, cache_spec=False)


def colour(frames):
    """Red is the movie, green the movie upside down, blue 100."""
    return np.stack([frames, frames[:, ::-1], np.full_like(frames, 100)], axis=-1)


def sessions():
    session("session.nwb", ImageSeries(name="noise", data=movie(), unit="n.a.", rate=50.0, starting_time=0.1))
    turned = ImageSeries(name="noise", data=movie().transpose(0, 2, 1), unit="n.a.", dimension=[WIDTH, HEIGHT],
                         timestamps=0.1 + np.arange(FRAMES) / 50)
    session("turned.nwb", turned)
    templates = ImageSeries(name="images", data=movie(10), unit="n.a.", rate=1.0)
    session("indexed.nwb", templates=[templates])
    # As pynwb 1 and 2 wrote an IndexSeries over an ImageSeries; later versions only read it.
    with h5py.File("indexed.nwb", "a") as file:
        shown = file.create_group("stimulus/presentation/shown")
        shown.attrs["neurodata_type"] = "IndexSeries"
        shown["data"] = (np.arange(FRAMES) * 3 % 10).astype("u4")
        shown["indexed_timeseries"] = h5py.SoftLink("/stimulus/templates/images")
        shown["starting_time"] = 0.0
        shown["starting_time"].attrs["rate"] = 50.0
    external = ImageSeries(name="film", external_file=["film.mkv"], starting_frame=[0], format="external", unit="n.a.", num_samples=FRAMES,
                           rate=50.0)
    session("external.nwb", external)
    session("colour.nwb", ImageSeries(name="noise", data=colour(movie()), unit="n.a.", rate=50.0, starting_time=0.1))


def pictures():
    """Single pictures named against the order in which they are counted."""
    frames = movie(4)
    grey = [GrayscaleImage(name=name, data=frames[index]) for index, name in enumerate(["d", "b", "c", "a"])]
    order = ImageReferences(name="order_of_images", data=grey)
    for name, images, extra in [
            ("pictures.nwb", grey, {"order_of_images": order}),
            ("unordered.nwb", [GrayscaleImage(name=f"picture{index}", data=frames[index]) for index in range(4)], {}),
            ("colour_pictures.nwb", [RGBImage(name=f"picture{index}", data=colour(frames)[index]) for index in range(4)], {}),
            ("unequal_pictures.nwb", [GrayscaleImage(name="a", data=frames[0]), GrayscaleImage(name="b", data=frames[1, 1:])], {})]:
        shown = Images(name="images", images=images, **extra)
        series = IndexSeries(name="shown", data=(np.arange(FRAMES) * 3 % len(images)).astype("u4"), unit="N/A", indexed_images=shown, rate=50.0,
                             starting_time=0.1)
        session(name, series, templates=[shown])


def films():
    """One movie in two files; and sessions that say wrongly where the second begins, or not at all."""
    for name, frames in [("first.mkv", movie()[:40]), ("second.mkv", movie()[40:])]:
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", "50", "-i", "-",
                        "-c:v", "ffv1", "-fflags", "+bitexact", "-flags:v", "+bitexact", name], input=frames.tobytes(), check=True)
    for name, starts in [("films.nwb", [0, 40]), ("misplaced_films.nwb", [0, 41])]:
        session(name, ImageSeries(name="film", external_file=["first.mkv", "second.mkv"], starting_frame=starts, format="external", unit="n.a.",
                                  num_samples=FRAMES, rate=50.0, starting_time=0.1))


def openretina():
    os.makedirs("openretina/stimuli", exist_ok=True)
    np.save("openretina/stimuli/noise.npy", movie()[None].astype("f4"))
    np.save("openretina/stimuli/noise_test.npy", movie(20)[None].astype("f4"))
    with h5py.File("openretina/session.h5", "w") as file:
        for name, frames in [("noise", FRAMES), ("noise_test", 20)]:
            file["responses_" + name] = np.arange(CELLS * frames, dtype="f4").reshape(CELLS, frames)
        file["session_info/animal"] = "none"


def archive():
    np.savez_compressed("session.npz", stimulus=movie(), time=0.1 + np.arange(FRAMES) / 50,
                        spike_times=np.concatenate([spikes(c) for c in range(CELLS)]),
                        spike_clusters=np.repeat(np.arange(CELLS) + 10, 40))


sessions()
pictures()
films()
openretina()
archive()
