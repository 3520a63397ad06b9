#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second article's job in PyTorch: Keras' MNIST network, its initial weights and its Adam.

The network is Keras' example (convolutions of 32 and 64 channels, pooling, dropout 0.25, 128
features, dropout 0.5), trained on the four IDX files as configs/mnist.yaml says.
"""
import argparse
import gzip
import os
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.data


class MnistCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc1 = nn.Linear(64 * 12 * 12, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = F.dropout(F.max_pool2d(x, 2), 0.25, self.training)
        x = F.relu(self.fc1(x.flatten(1)))
        return F.log_softmax(self.fc2(F.dropout(x, 0.5, self.training)), dim=-1)


class KerasAdam(torch.optim.Adam):
    """Adam as Keras writes it: epsilon is not scaled by the correction of the second moment."""

    def __init__(self, parameters, lr=0.001, epsilon=1e-7):
        super().__init__(parameters, lr=lr)
        self.epsilon = epsilon
        self.steps = 0

    def step(self, closure=None):
        self.steps += 1
        for group in self.param_groups:
            group['eps'] = self.epsilon / (1 - group['betas'][1] ** self.steps) ** 0.5
        return super().step(closure)


def initialize_as_keras(model):
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2:
            nn.init.xavier_uniform_(parameter)
        elif name.endswith('bias'):
            nn.init.zeros_(parameter)


def mnist(folder, part):
    """Images, u8 [N, 1, 28, 28], and labels, i64 [N]."""
    def elements(name, header):
        with gzip.open(os.path.join(folder, f'{part}-{name}.gz')) as file:
            return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)
    return torch.utils.data.TensorDataset(elements('images-idx3-ubyte', 16).reshape(-1, 1, 28, 28),
                                          elements('labels-idx1-ubyte', 8).long())


def to_float(images):
    """What ToTensor does, of a whole batch."""
    return images.float() / 255


def train(args):
    torch.manual_seed(args.seed)
    train_loader = torch.utils.data.DataLoader(
        mnist(args.data_dir, 'train'), args.batch_size, shuffle=True)
    test_loader = torch.utils.data.DataLoader(mnist(args.data_dir, 't10k'), 1000, shuffle=True)
    model = MnistCnn()
    initialize_as_keras(model)
    optimizer = KerasAdam(model.parameters(), lr=args.lr)

    for epoch in range(1, args.epochs + 1):
        start = time.monotonic()
        model.train()
        for batch_idx, (data, target) in enumerate(train_loader, 1):
            optimizer.zero_grad()
            loss = F.nll_loss(model(to_float(data)), target)
            loss.backward()
            optimizer.step()
            if batch_idx % args.log_interval == 0:
                print('Train Epoch: {} [{}/{} ({:.0f}%)] Loss: {:.6f}'.format(
                    epoch, batch_idx * len(data), len(train_loader.sampler),
                    100. * batch_idx / len(train_loader), loss.item()), flush=True)
        seconds = time.monotonic() - start
        test(model, test_loader)
        print('Epoch {}: {:.1f} s of training'.format(epoch, seconds), flush=True)


def test(model, test_loader):
    model.eval()
    test_loss = 0
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            output = model(to_float(data))
            test_loss += F.nll_loss(output, target, reduction='sum').item()
            correct += output.argmax(1).eq(target).sum().item()
    count = len(test_loader.dataset)
    print('Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.2f}%)\n'.format(
        test_loss / count, correct, count, 100. * correct / count), flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data-dir', required=True, help='with the four IDX .gz files')
    parser.add_argument('--batch-size', type=int, default=128)
    parser.add_argument('--epochs', type=int, default=10)
    parser.add_argument('--lr', type=float, default=0.001)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--log-interval', type=int, default=100)
    parser.add_argument('--threads', type=int, default=2, help='compute threads')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments)
