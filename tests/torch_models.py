# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of the models in nn/models, with the same names. Importing it needs torch and torchvision."""
import torch
import torchvision

F = torch.nn.functional


class MnistCnn(torch.nn.Module):
    """Keras' MNIST example."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 32, 3)
        self.conv2 = torch.nn.Conv2d(32, 64, 3)
        self.fc1 = torch.nn.Linear(9216, 128)
        self.fc2 = torch.nn.Linear(128, 10)

    def forward(self, x):
        x = F.dropout(F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2), 0.25, self.training)
        x = F.relu(self.fc1(x.view(x.size(0), -1)))
        return F.log_softmax(self.fc2(F.dropout(x, 0.5, self.training)), dim=1)


class Net(torch.nn.Module):
    """The cat classifier's network, for square pictures."""

    def __init__(self, image_size):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 7)
        self.conv2 = torch.nn.Conv2d(6, 16, 3)
        self.conv3 = torch.nn.Conv2d(16, 64, 3)
        side = (((image_size - 6) // 2 - 2) // 2 - 2) // 2
        sizes = [64 * side * side, 500, 250, 120, 84, 3]
        for i in range(5):
            setattr(self, f'fc{i + 1}', torch.nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        x = torch.flatten(x, 1)
        for i in range(1, 5):
            x = F.relu(getattr(self, f'fc{i}')(x))
        return F.log_softmax(self.fc5(x), dim=1)


def resnet(depth, classes):
    return getattr(torchvision.models, f'resnet{depth}')(num_classes=classes)


def with_history(model):
    """The model for evaluation, its biases and batch norms as if it had been trained."""
    for key, tensor in model.state_dict().items():
        if key.endswith('running_var') or (tensor.dim() == 1 and key.endswith('weight')):
            tensor.uniform_(0.5, 1.5)
        elif key.endswith('running_mean') or key.endswith('bias'):
            tensor.uniform_(-0.3, 0.3)
    return model.eval()
