# SPDX-License-Identifier: Apache-2.0
"""arrays_check.py FOLDER: loads our files of weights with NumPy and safetensors, which have to hold the same arrays, and
writes their files of the same arrays into the folders "theirs"."""
import pathlib
import sys

import numpy
import safetensors.numpy

import results

folder = pathlib.Path(sys.argv[1])
rows = []
for path in sorted(folder.glob('*/weights.npz')):
    arrays = dict(numpy.load(path, allow_pickle=False))
    tensors = safetensors.numpy.load_file(path.with_name('weights.safetensors'))
    same = tensors.keys() == arrays.keys() and all(
        tensors[key].dtype == arrays[key].dtype and numpy.array_equal(tensors[key], arrays[key])
        for key in arrays)
    rows.append((path.relative_to(folder).with_name('weights.safetensors'), 'safetensors',
                 0 if same else float('inf')))
    theirs = path.parent / 'theirs'
    safetensors.numpy.save_file(arrays, theirs / 'safetensors.safetensors')
    numpy.savez(theirs / 'numpy.npz', **arrays)
    numpy.savez_compressed(theirs / 'numpy_compressed.npz', **arrays)
results.append(folder, rows)
