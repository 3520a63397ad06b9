# SPDX-License-Identifier: Apache-2.0
"""onnx_check.py FOLDER: checks our ONNX models with ONNX's checker, runs them with ONNX Runtime and compares predictions,
of whole batches and of single pictures; writes those that it optimizes into the folders "theirs"."""
import pathlib
import sys

import numpy
import onnx
import onnxruntime

import results

folder = pathlib.Path(sys.argv[1])
rows = []
for path in sorted(folder.glob('*/*.onnx')):
    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    if path.stem == 'plain' and path.parent.name != 'windows':
        options.optimized_model_filepath = str(path.parent / 'theirs/onnxruntime.onnx')
    session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    x = numpy.load(path.with_name(path.stem + '_input.npz'))['values']
    expected = numpy.load(path.with_name(path.stem + '_expected.npz'))['values']
    (batch,) = session.run(['output'], {'input': x})
    single = numpy.concatenate([session.run(['output'], {'input': x[i:i + 1]})[0] for i in range(len(x))])
    rows.append((path.relative_to(folder), 'onnxruntime',
                 max(results.difference(batch, expected), results.difference(single, expected))))
results.append(folder, rows)
