# SPDX-License-Identifier: Apache-2.0
"""Loads with NumPy the archive that npz_test.cpp wrote, and writes one for it. Exit status 77: no NumPy."""
import sys

try:
    import numpy
except ImportError as error:
    print(error)
    sys.exit(77)

folder = sys.argv[1]

archive = numpy.load(f'{folder}/ours.npz', allow_pickle=False)
dtypes = dict(f32='float32', f64='float64', bf16='float32', f16='float16', i64='int64', i32='int32',
              u8='uint8', bool='bool')
assert archive.files == list(dtypes) + ['transposed', 'scalar', 'empty'], archive.files
for name, dtype in dtypes.items():
    assert archive[name].dtype == dtype, (name, archive[name].dtype)
    assert archive[name].tolist() == [0, 1], name
assert archive['transposed'].tolist() == [[1, 4], [2, 5], [3, 6]]
assert archive['scalar'].shape == () and archive['scalar'] == 3
assert archive['empty'].shape == (0, 3)

arrays = {'fc.weight': numpy.arange(6, dtype='f4').reshape(2, 3).T, 'fc.bias': numpy.float32([0.5, -1])}
numpy.savez(f'{folder}/stored.npz', **arrays)
numpy.savez_compressed(f'{folder}/deflated.npz', **arrays)
