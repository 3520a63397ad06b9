# SPDX-License-Identifier: Apache-2.0
"""make_h5py.py FOLDER: HDF5 files with what h5py can write and the reader reads, or refuses by name."""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1] + "/h5py_kinds.h5", "w") as file:
    for name, dtype, values in (
        ("i8", "i1", [-128, 127]),
        ("i16", "<i2", [-(2**15), 2**15 - 1]),
        ("u16", "<u2", [0, 2**16 - 1]),
        ("u32", "<u4", [0, 2**32 - 1]),
        ("u64", "<u8", [0, 1]),
        ("f16", "<f2", [1.5, -2]),
        ("big_endian", ">f4", [1]),
    ):
        file.create_dataset(name, data=np.array(values, dtype))
    file["scalar"] = np.float64(2.5)
    file.create_dataset("chunked", data=np.ones(4, "f4"), chunks=(2,))
    file.create_dataset("gzip", data=np.ones(4, "f4"), compression="gzip")
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((3,))
    dataset = h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, compact)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2, 3], "f4"))
    file.create_group("links")["soft"] = h5py.SoftLink("/i8")
    file.attrs["variable"] = "café"
    file.attrs["é"] = "x"
    file.attrs["many"] = ["a", "", "ccc"]
    file.attrs["none"] = np.array([])
    file.attrs["number"] = 3

with h5py.File(sys.argv[1] + "/h5py_latest.h5", "w", libver="latest") as file:
    file.attrs["x"] = "y"
