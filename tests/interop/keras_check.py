#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""keras_check.py FILE INPUTS.npz EXPECTED.npz: opens a Keras file with h5py and with Keras 3, and compares predictions.

INPUTS.npz holds one array of images, [N, C, H, W] whatever layout the file declares; EXPECTED.npz one array of the
probabilities [N, classes] (or log-probabilities, which are negative) or scores that the model should give. Prints the
largest difference, relative to the largest number where that is above 1; exits with 1 where it is beyond 1e-5, with 77
where h5py, Keras or what it computes with is missing.
"""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
try:
    import h5py
    import keras
    import numpy as np
except ImportError as error:
    print(error)
    sys.exit(77)

TOLERANCE = 1e-5


def only_array(path):
    (array,) = np.load(path).values()
    return array


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def count_weights(path):
    """How many weights h5py finds where the file's attributes say that they are."""
    count = 0
    with h5py.File(path) as file:
        weights = file["model_weights"]
        for layer in weights.attrs["layer_names"]:
            group = weights[text(layer)]
            for name in group.attrs["weight_names"]:
                assert np.isfinite(group[text(name)][()]).all(), name
                count += 1
    return count


def main():
    path, inputs, expected = sys.argv[1], only_array(sys.argv[2]), only_array(sys.argv[3])
    count = count_weights(path)
    model = keras.saving.load_model(path, compile=False)
    assert len(model.weights) >= count, (len(model.weights), count)
    if tuple(model.input_shape[1:]) != inputs.shape[1:]:
        inputs = inputs.transpose(0, 2, 3, 1)
    got = np.asarray(model(inputs, training=False))
    if (expected < 0).any() and (got >= 0).all():
        expected = np.exp(expected)
    difference = float(np.abs(got - expected).max() / max(1, np.abs(expected).max()))
    print(f"{path}: {count} weights, {type(model).__name__}, largest difference {difference:.2g}")
    sys.exit(0 if difference <= TOLERANCE else 1)


main()
