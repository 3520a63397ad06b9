# SPDX-License-Identifier: Apache-2.0
"""torch_check.py FOLDER: loads our files with PyTorch, compares predictions, and writes PyTorch's files of the same
models into their folders "theirs". Exit status 77: no torch."""
import pathlib
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
try:
    import numpy
    import torch
    import torch_models
except ImportError as error:
    print(error)
    sys.exit(77)
import results

MODELS = {'mnist_cnn': torch_models.MnistCnn, 'net': lambda: torch_models.Net(96),
          'resnet18': lambda: torch_models.resnet(18, 10)}


def values(path):
    return numpy.load(path)['values']


def check(folder, name):
    x = torch.from_numpy(values(folder / name / 'plain_input.npz'))
    expected = values(folder / name / 'plain_expected.npz')

    def row(file, state_dict):
        model = MODELS[name]().eval()
        model.load_state_dict(state_dict)
        with torch.no_grad():
            return (f'{name}/{file}', 'torch', results.difference(model(x).numpy(), expected))

    rows = [row(file, torch.load(folder / name / file, weights_only=True))
            for file in ('zip.pth', 'legacy.pth')]
    arrays = numpy.load(folder / name / 'weights.npz')
    rows.append(row('weights.npz', {key: torch.from_numpy(arrays[key]) for key in arrays.files}))
    results.append(folder, rows)


def write(folder, name):
    model = MODELS[name]().eval()
    model.load_state_dict(torch.load(folder / name / 'zip.pth'))
    x = torch.from_numpy(values(folder / name / 'plain_input.npz'))
    theirs = folder / name / 'theirs'
    torch.save(model.state_dict(), theirs / 'torch_zip.pth')
    torch.save(model.state_dict(), theirs / 'torch_legacy.pth', _use_new_zipfile_serialization=False)
    torch.onnx.export(model, x, theirs / 'torch.onnx', input_names=['x'], dynamic_axes={'x': {0: 'n'}})
    torch.onnx.export(model, x, theirs / 'torch_preserved.onnx',
                      training=torch.onnx.TrainingMode.PRESERVE)


warnings.filterwarnings('ignore')  # of the exporter, about itself
folder = pathlib.Path(sys.argv[1])
for name in MODELS:
    check(folder, name)
    write(folder, name)
