"""Makes the files of this folder, by the libraries that laboratories write such files with.

Run by hand where a format changes: python3 make.py (numpy, h5py, pynwb from PyPI). Tests only read the results;
the values follow simple rules, repeated in the tests.
"""

import json
import struct
from datetime import datetime, timezone

import h5py
import numpy as np
from pynwb import NWBHDF5IO, NWBFile, TimeSeries

TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]


def counting(shape, dtype):
    """0, 1, 2, … modulo 100 (modulo 2 for booleans), minus 50 for signed types."""
    values = np.arange(np.prod(shape)) % (2 if dtype == "b1" else 100)
    return (values - (50 if dtype[0] in "fi" else 0)).reshape(shape).astype(dtype)


def arrays():
    for dtype in TYPES:
        np.save(f"c_{dtype}.npy", counting((5, 3, 7), dtype))
    np.save("fortran_f8.npy", np.asfortranarray(counting((5, 3, 7), "f8")))
    np.save("bigendian_i4.npy", counting((5, 3, 7), "i4").astype(">i4"))
    np.save("scalar_f4.npy", np.float32(2.5))
    np.save("vector_i2.npy", counting((9,), "i2"))
    np.save("text.npy", np.array(["a", "b"]))
    np.save("structured.npy", np.zeros(3, dtype=[("x", "f4"), ("y", "i4")]))
    for version in [(2, 0), (3, 0)]:
        with open(f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, counting((4, 2), "f4"), version=version)


def archives():
    movie = counting((40, 6, 7), "u1")
    np.savez("stored.npz", movie=movie, rates=counting((3, 40), "f4"))
    np.savez_compressed("compressed.npz", movie=movie, fortran=np.asfortranarray(counting((5, 3, 7), "f8")))


def hdf5():
    with h5py.File("h5py.h5", "w") as file:
        for dtype in TYPES:
            file[f"numbers/{dtype}"] = counting((5, 3), dtype)
        file["numbers/big_endian"] = counting((5, 3), "f8").astype(">f8")
        file["scalar"] = 2.5
        file.create_dataset("empty", data=h5py.Empty("f4"))
        file["no_rows"] = np.zeros((0, 4), "f4")
        file.create_dataset("chunked", data=counting((50, 6, 7), "u1"), chunks=(7, 3, 4), compression="gzip",
                            shuffle=True, fletcher32=True)
        file.create_dataset("partly_written", shape=(20, 3), dtype="f4", chunks=(4, 3), fillvalue=-1.0)[8:10] = 3.0
        file["compound"] = np.zeros(3, dtype=[("x", "f4"), ("y", "i4")])
        file["text/variable"] = ["a", "", "µV", "ganglion cell"]
        file["text/fixed"] = np.array([b"a", b"", b"abc"], dtype="S5")
        file["text/scalar"] = "one"
        file["link"] = h5py.SoftLink("/numbers/f4")
        file["broken_link"] = h5py.SoftLink("/nowhere")
        file["ring"] = file["/"]
        attributes = file["numbers"].attrs
        attributes["text"] = "µm"
        attributes["bytes"] = np.bytes_("Hz")
        attributes["texts"] = ["a", "bc"]
        attributes["integer"] = 7
        attributes["flag"] = True
        attributes["number"] = 0.25
        attributes["numbers"] = np.arange(3, dtype="f4")
        attributes["empty"] = h5py.Empty("f4")
        attributes["reference"] = file["scalar"].ref
    for name, version in [("h5py_v110.h5", "v110"), ("h5py_latest.h5", "latest")]:
        with h5py.File(name, "w", libver=(version, version), userblock_size=1024) as file:
            file.create_dataset("x", data=counting((50, 6), "f4"), chunks=(7, 6), maxshape=(None, 6),
                                compression="gzip")
            file["x"].attrs["units"] = "Hz"


def nwb():
    session = NWBFile(session_description="a session", identifier="fixture",
                      session_start_time=datetime(2024, 1, 1, tzinfo=timezone.utc))
    session.add_acquisition(TimeSeries(name="trace", data=counting((20,), "f4"), unit="V", rate=100.0))
    for cell in range(3):
        session.add_unit(spike_times=np.arange(cell + 2) * 0.1, id=cell + 10)
    with NWBHDF5IO("session.nwb", "w") as file:
        file.write(session)


def tensor_file(name, tensors, metadata=None):
    """A safetensors file; tensors are (name, dtype, shape, bytes)."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for key, dtype, shape, raw in tensors:
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(name, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def weights():
    names = dict(F16="f2", F32="f4", F64="f8", I8="i1", I16="i2", I32="i4", I64="i8", U8="u1", U16="u2", U32="u4",
                 U64="u8", BOOL="b1")
    tensors = [(key, key, [2, 3], counting((2, 3), dtype).tobytes()) for key, dtype in names.items()]
    # bfloat16: the upper half of a float32's bytes.
    halves = counting((2, 3), "f4").view("<u2").reshape(-1, 2)[:, 1].astype("<u2")
    tensors += [("BF16", "BF16", [2, 3], halves.tobytes()), ("scalar", "F32", [], struct.pack("<f", 2.5)),
                ("none", "F32", [0, 4], b"")]
    tensor_file("types.safetensors", tensors, {"architecture": "µ-net", "history": "20"})


arrays()
archives()
hdf5()
nwb()
weights()
