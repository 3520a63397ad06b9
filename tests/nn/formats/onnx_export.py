# SPDX-License-Identifier: Apache-2.0
"""Exports models with PyTorch for onnx_torch_test.cpp, with an input and their outputs. Exit status 77: no torch."""
import sys
import warnings

try:
    import numpy
    import torch
    import torchvision
except ImportError as error:
    print(error)
    sys.exit(77)

folder = sys.argv[1]
F = torch.nn.functional
warnings.filterwarnings('ignore')  # of the exporter, about itself


class MnistCnn(torch.nn.Module):
    """Keras' MNIST example, under names of its own."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(1, 32, 3)
        self.second = torch.nn.Conv2d(32, 64, 3)
        self.dense = torch.nn.Linear(9216, 128)
        self.out = torch.nn.Linear(128, 10)

    def forward(self, x):
        x = F.dropout(F.max_pool2d(F.relu(self.second(F.relu(self.first(x)))), 2), 0.25, self.training)
        x = F.relu(self.dense(x.view(x.size(0), -1)))
        return F.log_softmax(self.out(F.dropout(x, 0.5, self.training)), dim=1)


class Net(torch.nn.Module):
    """The cat classifier's network for pictures of 48x48."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 7)
        self.conv2 = torch.nn.Conv2d(6, 16, 3)
        self.conv3 = torch.nn.Conv2d(16, 64, 3)
        sizes = [64 * 3 * 3, 500, 250, 120, 84, 3]
        for i in range(5):
            setattr(self, f'fc{i + 1}', torch.nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        x = torch.flatten(x, 1)
        for i in range(1, 5):
            x = F.relu(getattr(self, f'fc{i}')(x))
        return F.log_softmax(self.fc5(x), dim=1)


def export(name, model, x):
    """In both modes: as for inference, which folds batch norms and renames weights, and as it stands."""
    for key, tensor in model.state_dict().items():
        if key.endswith('running_var') or (tensor.dim() == 1 and key.endswith('weight')):
            tensor.uniform_(0.5, 1.5)
        elif key.endswith('running_mean') or key.endswith('bias'):
            tensor.uniform_(-0.3, 0.3)
    model.eval()
    torch.onnx.export(model, x, f'{folder}/{name}.onnx', input_names=['images'],
                      dynamic_axes={'images': {0: 'n'}})
    torch.onnx.export(model, x, f'{folder}/{name}_preserved.onnx',
                      training=torch.onnx.TrainingMode.PRESERVE)
    with torch.no_grad():
        numpy.savez(f'{folder}/{name}.npz', x=x.numpy(), y=model(x).numpy())


torch.manual_seed(1)
export('mnist_cnn', MnistCnn(), torch.rand(2, 1, 28, 28))
export('net', Net(), torch.randn(2, 3, 48, 48))
export('resnet18', torchvision.models.resnet18(num_classes=5), torch.randn(2, 3, 64, 64))
export('resnet50', torchvision.models.resnet50(num_classes=5), torch.randn(2, 3, 32, 32))
