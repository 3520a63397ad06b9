# SPDX-License-Identifier: Apache-2.0
"""The reference networks, with PyTorch's variable names and order."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision


class Net(nn.Module):
    """The three-convolution image classifier of the first reference script (input 3x96x96, 3 classes)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 7)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.conv3 = nn.Conv2d(16, 64, 3)
        self.fc1 = nn.Linear(64 * 9 * 9, 500)
        self.fc2 = nn.Linear(500, 250)
        self.fc3 = nn.Linear(250, 120)
        self.fc4 = nn.Linear(120, 84)
        self.fc5 = nn.Linear(84, 3)
        self.pool = nn.MaxPool2d(2, 2)
        self.dropout = nn.Dropout(0.2)
        self.final_act = nn.LogSoftmax(dim=-1)

    def forward(self, x):
        for c in (self.conv1, self.conv2, self.conv3):
            x = self.pool(F.relu(c(x)))
        x = x.view(-1, 64 * 9 * 9)
        for f in (self.fc1, self.fc2, self.fc3, self.fc4):
            x = F.relu(f(x))
        return self.final_act(self.fc5(x))


class MnistNet(nn.Module):
    """The MNIST CNN (32C3-64C3-MP2-drop-128-drop-10), PyTorch variable names and order."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout2d(0.25)
        self.dropout2 = nn.Dropout2d(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        x = torch.flatten(self.dropout1(x), 1)
        return F.log_softmax(self.fc2(self.dropout2(F.relu(self.fc1(x)))), dim=1)


def build(kind, seed):
    torch.manual_seed(seed)
    if kind == "net":
        return Net()
    if kind == "mnist":
        return MnistNet()
    if kind == "resnet101":
        return torchvision.models.resnet101()
    if kind == "resnet18_186":
        m = torchvision.models.resnet18()
        m.fc = nn.Linear(m.fc.in_features, 186)
        return m
    raise KeyError(kind)
