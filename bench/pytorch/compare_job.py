#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One measured job of bench/compare, PyTorch's side of it; bench/compare_job.cpp is ours.

Training steps get batches that lie in memory as the model wants them (f32, normalised), so that
their time is the model's alone.
"""
import argparse
import itertools
import json
import time

import torch
import torch.nn.functional as F
import torch.utils.data

import cats
import mnist


def train(args, model, optimizer, dataset, prepare=lambda images: images, loss_of=F.nll_loss):
    loader = torch.utils.data.DataLoader(dataset, args.batch_size, shuffle=True)
    batches = [(prepare(x), y) for x, y in itertools.islice(loader, args.steps)]
    if args.channels_last:
        model = model.to(memory_format=torch.channels_last)
        batches = [(x.contiguous(memory_format=torch.channels_last), y) for x, y in batches]
    model.train()
    step_ms, step_cpu_ms, losses = [], [], []
    for i in range(args.steps):
        data, target = batches[i % len(batches)]
        start, cpu_start = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        with torch.autocast('cpu', torch.bfloat16, enabled=args.bf16):
            output = model(data)
        loss = loss_of(output.float(), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        step_ms.append(1000 * (time.perf_counter() - start))
        step_cpu_ms.append(1000 * (time.process_time() - cpu_start))
    return {'step_ms': step_ms, 'step_cpu_ms': step_cpu_ms, 'losses': losses}


def train_net(args):
    model = cats.Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, foreach=args.foreach)
    return train(args, model, optimizer, cats.image_folder(args.data))


def train_resnet101(args):
    from torchvision import models
    model = models.resnet101(num_classes=3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, foreach=args.foreach)
    return train(args, model, optimizer, cats.image_folder(args.data), loss_of=F.cross_entropy)


def train_mnist_cnn(args):
    model = mnist.MnistCnn()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, foreach=args.foreach)
    return train(args, model, optimizer, mnist.mnist(args.data, 'train'), mnist.to_float)


def load(args):
    from torchvision import datasets, transforms
    dataset = datasets.ImageFolder(args.data, transform=transforms.Compose([
        transforms.Resize((96, 96)),
        transforms.PILToTensor(),
    ]))
    loader = torch.utils.data.DataLoader(dataset, args.batch_size, shuffle=True,
                                         num_workers=args.threads, persistent_workers=True)
    pass_ms = []
    for _ in range(args.passes):
        pixel_sum = 0
        start = time.perf_counter()
        for images, _ in loader:
            pixel_sum += int(images.sum())
        pass_ms.append(1000 * (time.perf_counter() - start))
    return {'images': len(dataset), 'pass_ms': pass_ms, 'pixel_sum': pixel_sum}


if __name__ == '__main__':
    jobs = {'net': train_net, 'mnist_cnn': train_mnist_cnn, 'resnet101': train_resnet101,
            'loader': load}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('job', choices=jobs)
    parser.add_argument('--data', required=True)
    parser.add_argument('--batch-size', type=int, required=True)
    parser.add_argument('--steps', type=int)
    parser.add_argument('--passes', type=int)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--bf16', action='store_true')
    parser.add_argument('--channels-last', action='store_true')
    parser.add_argument('--foreach', action='store_true', help="the optimizer's multi-tensor form")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    print(json.dumps(jobs[arguments.job](arguments)))
