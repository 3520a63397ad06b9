#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first article's training script on the CPU: Net on class folders of photographs.

As published, less what belongs to SageMaker, to several hosts and to GPUs, and less the dropout
layer that it declares and never applies. Same seed, same draws, same printed lines.
"""
import argparse
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
import torch.utils.data


class Net(nn.Module):
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
        self.final_act = nn.LogSoftmax(dim=-1)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = self.pool(F.relu(self.conv3(x)))
        x = x.reshape(-1, 64 * 9 * 9)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        x = F.relu(self.fc4(x))
        return self.final_act(self.fc5(x))


def image_folder(path):
    from torchvision import datasets, transforms
    return datasets.ImageFolder(path, transform=transforms.Compose([
        transforms.Resize((96, 96)),
        transforms.ToTensor(),
        transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ]))


def load(args, split):
    dataset = image_folder(os.path.join(args.data_dir, split))
    return list(dataset) if args.cache else dataset


def train(args):
    print('Distributed training - False')
    print('Number of gpus available - 0')
    torch.manual_seed(args.seed)
    train_loader = torch.utils.data.DataLoader(
        load(args, 'train'), args.batch_size, shuffle=True)
    test_loader = torch.utils.data.DataLoader(
        load(args, 'validation'), args.test_batch_size, shuffle=True)
    model = Net()
    criterion = nn.NLLLoss()
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)

    for epoch in range(1, args.epochs + 1):
        model.train()
        for batch_idx, (data, target) in enumerate(train_loader, 1):
            optimizer.zero_grad()
            loss = criterion(model(data), target)
            loss.backward()
            optimizer.step()
            if batch_idx % args.log_interval == 0:
                print('Train Epoch: {} [{}/{} ({:.0f}%)] Loss: {:.6f}'.format(
                    epoch, batch_idx * len(data), len(train_loader.sampler),
                    100. * batch_idx / len(train_loader), loss.item()), flush=True)
        test(model, test_loader)
    if args.model_dir:
        print('Saving the model.')
        torch.save(model.state_dict(), os.path.join(args.model_dir, 'model.pth'))


def test(model, test_loader):
    model.eval()
    criterion = nn.NLLLoss()
    test_loss = 0
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            output = model(data)
            test_loss += criterion(output, target).item()
            correct += output.argmax(1).eq(target).sum().item()
    test_loss /= len(test_loader.dataset)  # of batch means: as published
    print('Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)\n'.format(
        test_loss, correct, len(test_loader.dataset),
        100. * correct / len(test_loader.dataset)), flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data-dir', required=True,
                        help='with train/CLASS/* and validation/CLASS/*')
    parser.add_argument('--model-dir', help='where model.pth goes')
    parser.add_argument('--batch-size', type=int, default=4)
    parser.add_argument('--test-batch-size', type=int, default=4)
    parser.add_argument('--epochs', type=int, default=10)
    parser.add_argument('--lr', type=float, default=0.001)
    parser.add_argument('--momentum', type=float, default=0.9)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--log-interval', type=int, default=100)
    parser.add_argument('--threads', type=int, default=2, help='compute threads')
    parser.add_argument('--cache', action='store_true',
                        help='decode and resize once, not every epoch')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments)
