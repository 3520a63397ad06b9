#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""JAX's side of bench/gpu; bench/gpu_worker.cpp is ours and tells of the requests.

gpu_worker.py WORKLOAD INPUTS.npz DEVICE PRECISION FORM, of which FORM is
  jit   one jitted step, whose weights and optimizer state are donated
  scan  lax.scan over SCAN steps on the resident batches, in one call
  same  jit without dropout, so that every side has the same losses
"""
import functools
import json
import os
import sys
import time

os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
if len(sys.argv) > 3:
    os.environ.setdefault('JAX_PLATFORMS', sys.argv[3])

import jax
import jax.numpy as jnp
import numpy
from jax import lax

SCAN = 50
MATMUL = {'f32': 'highest', 'tf32': 'tensorfloat32', 'bf16': 'default'}


def conv(x, layer):
    y = lax.conv_general_dilated(x, layer['weight'], (1, 1), 'VALID',
                                 dimension_numbers=('NHWC', 'HWIO', 'NHWC'))
    return jax.nn.relu(y + layer['bias'])


def pool(x):
    # Initial value as a number: only so JAX knows the reduction as a maximum, and its gradient.
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')


def linear(x, layer):
    return x @ layer['weight'] + layer['bias']


def net(params, x, key, dropout):
    for name in ('conv1', 'conv2', 'conv3'):
        x = pool(conv(x, params[name]))
    x = x.reshape(len(x), -1)
    for name in ('fc1', 'fc2', 'fc3', 'fc4'):
        x = jax.nn.relu(linear(x, params[name]))
    return linear(x, params['fc5'])


def drop(x, rate, key):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0).astype(x.dtype)


def mnist_cnn(params, x, key, dropout):
    first, second = jax.random.split(key)
    x = pool(conv(conv(x, params['conv1']), params['conv2']))
    x = drop(x, 0.25, first) if dropout else x
    x = jax.nn.relu(linear(x.reshape(len(x), -1), params['fc1']))
    x = drop(x, 0.5, second) if dropout else x
    return linear(x, params['fc2'])


MODELS = {'net': net, 'mnist_cnn': mnist_cnn}


def parameters(arrays, workload):
    """From PyTorch's layouts: convolutions as HWIO, matrices transposed, and the rows of the first
    of them in the order of channels-last features."""
    params = {}
    for name in arrays.files:
        if name in ('images', 'labels'):
            continue
        layer, kind = name.split('.')
        value = arrays[name]
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif name == 'fc1.weight':
            side = 9 if workload == 'net' else 12
            value = value.reshape(len(value), 64, side, side).transpose(2, 3, 1, 0)
            value = value.reshape(-1, value.shape[-1])
        elif value.ndim == 2:
            value = value.T
        params.setdefault(layer, {})[kind] = jnp.asarray(value)
    return params


def sgd(params, gradients, state):
    momentum = jax.tree_util.tree_map(lambda m, g: 0.9 * m + g, state['m'], gradients)
    return (jax.tree_util.tree_map(lambda p, m: p - 0.01 * m, params, momentum), {'m': momentum})


def adam(params, gradients, state):
    count = state['count'] + 1
    tree_map = jax.tree_util.tree_map
    m = tree_map(lambda m, g: 0.9 * m + 0.1 * g, state['m'], gradients)
    v = tree_map(lambda v, g: 0.999 * v + 0.001 * g * g, state['v'], gradients)
    first, second = 1 - 0.9 ** count, 1 - 0.999 ** count
    params = tree_map(lambda p, m, v: p - 0.001 * (m / first) / (jnp.sqrt(v / second) + 1e-8),
                      params, m, v)
    return params, {'m': m, 'v': v, 'count': count}


class Worker:
    def __init__(self, workload, inputs, precision, form):
        jax.config.update('jax_default_matmul_precision', MATMUL[precision])
        arrays = numpy.load(inputs)
        images = arrays['images'].transpose(0, 1, 3, 4, 2).astype(numpy.float32) / 255
        self.images = jnp.asarray((images - 0.5) / 0.5 if workload == 'net' else images)
        self.labels = jnp.asarray(arrays['labels'], jnp.int32)
        params = parameters(arrays, workload)
        zeros = jax.tree_util.tree_map(jnp.zeros_like, params)
        state = ({'m': zeros} if workload == 'net' else
                 {'m': zeros, 'v': jax.tree_util.tree_map(jnp.zeros_like, params),
                  'count': jnp.zeros((), jnp.float32)})
        update = sgd if workload == 'net' else adam
        model = MODELS[workload]

        def loss_of(params, x, y, key):
            if precision == 'bf16':
                params, x = jax.tree_util.tree_map(lambda p: p.astype(jnp.bfloat16), (params, x))
            output = model(params, x, key, form != 'same').astype(jnp.float32)
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(output), y[:, None], 1))

        def step(carry, images, labels):
            params, state, i = carry
            batch = i % len(images)
            key = jax.random.fold_in(jax.random.PRNGKey(1), i)
            loss, gradients = jax.value_and_grad(loss_of)(params, images[batch], labels[batch], key)
            params, state = update(params, gradients, state)
            return (params, state, i + 1), loss

        @functools.partial(jax.jit, donate_argnums=0)
        def one(carry, images, labels):
            return step(carry, images, labels)

        @functools.partial(jax.jit, donate_argnums=0)
        def many(carry, images, labels):
            return lax.scan(lambda c, _: step(c, images, labels), carry, None, SCAN)

        self.steps_per_call = SCAN if form == 'scan' else 1
        self.call = many if form == 'scan' else one
        self.carry = (params, state, jnp.zeros((), jnp.int32))

    def run(self):
        self.carry, losses = self.call(self.carry, self.images, self.labels)
        return losses

    def answer(self, request, count):
        if request == 'losses':
            return {'losses': [float(self.run()) for _ in range(count)]}
        if request == 'kernels':
            return {'kernels': None}  # JAX has no way to count them by itself
        start = time.perf_counter()
        for _ in range(count // self.steps_per_call):
            self.run()
        jax.block_until_ready(self.carry)
        return {'seconds': time.perf_counter() - start}


def main():
    workload, inputs, device, precision, form = sys.argv[1:]
    if jax.devices()[0].platform != {'cuda': 'gpu'}.get(device, device):
        sys.exit(f'JAX {jax.__version__} computes on {jax.devices()[0].platform}, not on {device}')
    worker = Worker(workload, inputs, precision, form)
    if form != 'same':
        jax.block_until_ready(worker.run())
    print(json.dumps({'ready': f'JAX {jax.__version__}'}), flush=True)
    for line in sys.stdin:
        request, count = line.split()
        print(json.dumps(worker.answer(request, int(count))), flush=True)


if __name__ == '__main__':
    main()
