# SPDX-License-Identifier: Apache-2.0
"""Exports models with PyTorch for onnx_torch_test.cpp, with an input and their outputs. Exit status 77: no torch."""
import pathlib
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
try:
    import numpy
    import torch
    import torch_models
except ImportError as error:
    print(error)
    sys.exit(77)

folder = sys.argv[1]
warnings.filterwarnings('ignore')  # of the exporter, about itself


class Renamed(torch.nn.Module):
    """Gives every weight another name."""

    def __init__(self, model):
        super().__init__()
        self.body = model

    def forward(self, x):
        return self.body(x)


def export(name, model, x):
    """In both modes: as for inference, which folds batch norms and renames weights, and as it stands."""
    torch_models.with_history(model)
    torch.onnx.export(model, x, f'{folder}/{name}.onnx', input_names=['images'],
                      dynamic_axes={'images': {0: 'n'}})
    torch.onnx.export(Renamed(model).eval(), x, f'{folder}/{name}_preserved.onnx',
                      training=torch.onnx.TrainingMode.PRESERVE)
    with torch.no_grad():
        numpy.savez(f'{folder}/{name}.npz', x=x.numpy(), y=model(x).numpy())


torch.manual_seed(1)
torch.set_num_threads(1)  # threads that wait for each other are slow beside other tests
export('mnist_cnn', torch_models.MnistCnn(), torch.rand(2, 1, 28, 28))
export('net', torch_models.Net(48), torch.randn(2, 3, 48, 48))
export('resnet18', torch_models.resnet(18, 5), torch.randn(2, 3, 64, 64))
export('resnet50', torch_models.resnet(50, 5), torch.randn(2, 3, 32, 32))
