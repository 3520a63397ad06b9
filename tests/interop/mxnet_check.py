# SPDX-License-Identifier: Apache-2.0
"""mxnet_check.py FOLDER: runs our symbols and arrays with MXNet, compares predictions, and writes MXNet's own files of
the same models into their folders "theirs"."""
import pathlib
import sys

import mxnet
import numpy

import results

folder = pathlib.Path(sys.argv[1])
rows = []
for path in sorted(folder.glob('*/mxnet-symbol.json')):
    symbol, arguments, states = mxnet.model.load_checkpoint(str(path.parent / 'mxnet'), 0)
    (name,) = set(symbol.list_arguments()) - set(arguments)
    x = numpy.load(path.with_name('plain_input.npz'))['values']
    expected = numpy.load(path.with_name('plain_expected.npz'))['values']
    bound = symbol.bind(mxnet.cpu(), {**arguments, name: mxnet.nd.array(x)}, aux_states=states)
    actual = bound.forward(is_train=False)[0].asnumpy()
    if (expected <= 0).all():
        expected = numpy.exp(expected)  # log-probabilities are written as probabilities
    rows.append((path.relative_to(folder), 'mxnet', results.difference(actual, expected)))
    mxnet.model.save_checkpoint(str(path.parent / 'theirs/mxnet'), 0, symbol, arguments, states)
results.append(folder, rows)
