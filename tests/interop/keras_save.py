# SPDX-License-Identifier: Apache-2.0
"""keras_save.py FILE ...: opens our Keras files with Keras 3 and saves them anew in the folders "theirs" beside them."""
import logging
import os
import pathlib
import sys

os.environ.setdefault('KERAS_BACKEND', 'jax')
import keras

logging.getLogger('absl').setLevel(logging.ERROR)  # HDF5 is Keras' older format, as it says each time
for path in map(pathlib.Path, sys.argv[1:]):
    keras.saving.load_model(path, compile=False).save(path.parent / 'theirs/keras3.h5')
