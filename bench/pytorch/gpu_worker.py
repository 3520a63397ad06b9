#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of bench/gpu; bench/gpu_worker.cpp is ours and tells of the requests.

gpu_worker.py WORKLOAD INPUTS.npz DEVICE PRECISION FORM, of which FORM is
  eager            as it is
  compiled         torch.compile(mode='max-autotune')
  reduce-overhead  torch.compile(mode='reduce-overhead')
  captured         the whole step as one CUDA graph
  same             eager without dropout, so that every side has the same losses
All have channels-last tensors, a fused optimizer, cudnn.benchmark and, for bf16, autocast.
"""
import contextlib
import json
import sys
import tempfile
import time

import numpy
import torch
import torch.nn.functional as F

import cats
import mnist


def normalized(images, workload):
    images = torch.from_numpy(images).float() / 255
    return (images - 0.5) / 0.5 if workload == 'net' else images


def autocast(device, precision):
    if precision != 'bf16':
        return contextlib.nullcontext()
    # A graph must not keep the cast weights of the step that it was captured from.
    return torch.autocast(device, dtype=torch.bfloat16, cache_enabled=False)


def make_optimizer(workload, parameters, form, device):
    fused = {'fused': True} if device == 'cuda' else {}
    if workload == 'net':
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, **fused)
    return torch.optim.Adam(parameters, lr=0.001, **fused,
                            **({'capturable': True} if form == 'captured' else {}))


class Worker:
    def __init__(self, workload, inputs, device, precision, form):
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = precision == 'tf32'
        torch.backends.cuda.matmul.allow_tf32 = precision == 'tf32'
        arrays = numpy.load(inputs)
        model = cats.Net() if workload == 'net' else mnist.MnistCnn()
        model.load_state_dict({name: torch.from_numpy(arrays[name])
                               for name in model.state_dict()})
        model = model.to(device).to(memory_format=torch.channels_last)
        model.train(form != 'same')  # nothing but dropout differs: there is no batch norm
        self.images = [normalized(batch, workload).to(device)
                       .contiguous(memory_format=torch.channels_last)
                       for batch in arrays['images']]
        self.labels = [torch.from_numpy(batch).to(device) for batch in arrays['labels']]
        self.next = 0
        self.device = device
        self.optimizer = make_optimizer(workload, model.parameters(), form, device)

        def loss_of(images, labels):
            with autocast(device, precision):
                output = model(images)
            return F.nll_loss(output.float(), labels)

        self.loss_of = loss_of
        if form in ('compiled', 'reduce-overhead'):
            self.loss_of = torch.compile(
                loss_of, mode='max-autotune' if form == 'compiled' else form)
        self.run = self.capture() if form == 'captured' else self.train

    def train(self, images, labels):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss_of(images, labels)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def capture(self):
        images, labels = self.images[0].clone(), self.labels[0].clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.train(images, labels)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph):
            result = self.train(images, labels)

        def replay(new_images, new_labels):
            images.copy_(new_images)
            labels.copy_(new_labels)
            graph.replay()
            return result
        return replay

    def step(self):
        i = self.next % len(self.images)
        self.next += 1
        return self.run(self.images[i], self.labels[i])

    def synchronize(self):
        if self.device == 'cuda':
            torch.cuda.synchronize()

    def kernels(self, count):
        """How many kernels, copies and fills the GPU runs for a step."""
        self.synchronize()
        with torch.profiler.profile(
                activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            for _ in range(count):
                self.step()
            self.synchronize()
        with tempfile.NamedTemporaryFile(suffix='.json') as file:
            profile.export_chrome_trace(file.name)
            events = json.load(open(file.name))['traceEvents']
        return sum(event.get('cat', '').lower() in ('kernel', 'gpu_memcpy', 'gpu_memset')
                   for event in events) / count

    def answer(self, request, count):
        if request == 'losses':
            return {'losses': [self.step().item() for _ in range(count)]}
        if request == 'kernels':
            return {'kernels': self.kernels(count) if self.device == 'cuda' else None}
        self.synchronize()
        start = time.perf_counter()
        for _ in range(count):
            self.step()
        self.synchronize()
        return {'seconds': time.perf_counter() - start}


def main():
    form = sys.argv[5]
    if form in ('compiled', 'reduce-overhead') and not hasattr(torch, 'compile'):
        sys.exit(f'PyTorch {torch.__version__} has no torch.compile')
    if form == 'captured' and sys.argv[3] != 'cuda':
        sys.exit('a CUDA graph needs CUDA')
    worker = Worker(*sys.argv[1:])
    if form != 'same':
        worker.step().item()
    cudnn = torch.backends.cudnn.version() if worker.device == 'cuda' else None
    print(json.dumps({'ready': f'PyTorch {torch.__version__}, cuDNN {cudnn}'}), flush=True)
    for line in sys.stdin:
        request, count = line.split()
        print(json.dumps(worker.answer(request, int(count))), flush=True)


if __name__ == '__main__':
    main()
