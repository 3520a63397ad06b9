# SPDX-License-Identifier: Apache-2.0
"""What bench/gpu trains: layers, inputs, and the bytes that a step can't do without."""
import math
import sys

# Layers in their order as (out, in) or (out, in, kernel, kernel), by PyTorch's names; those before
# a 2x2 pooling; sizes of a batch's images; numbers that the optimizer keeps of each parameter.
WORKLOADS = {
    'net': {
        'batch': 4, 'image': (3, 96, 96), 'classes': 3, 'optimizer_states': 1,
        'layers': {'conv1': (6, 3, 7, 7), 'conv2': (16, 6, 3, 3), 'conv3': (64, 16, 3, 3),
                   'fc1': (500, 64 * 9 * 9), 'fc2': (250, 500), 'fc3': (120, 250),
                   'fc4': (84, 120), 'fc5': (3, 84)},
        'pooled': ('conv1', 'conv2', 'conv3')},
    'mnist_cnn': {
        'batch': 128, 'image': (1, 28, 28), 'classes': 10, 'optimizer_states': 2,
        'layers': {'conv1': (32, 1, 3, 3), 'conv2': (64, 32, 3, 3), 'fc1': (128, 64 * 12 * 12),
                   'fc2': (10, 128)},
        'pooled': ('conv2',)},
}


def write_inputs(path, workload, batches=16):
    """Weights, drawn as PyTorch draws them, and batches of noise around the brightness of a class."""
    try:
        import numpy
    except ModuleNotFoundError:
        sys.exit(f'bench/gpu: {sys.executable} has no numpy; start it with the Python that has PyTorch or JAX')
    random = numpy.random.default_rng(1)
    arrays = {}
    for name, shape in workload['layers'].items():
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        arrays[f'{name}.weight'] = random.uniform(-bound, bound, shape).astype('float32')
        arrays[f'{name}.bias'] = random.uniform(-bound, bound, shape[:1]).astype('float32')
    brightness = numpy.linspace(0, 127, workload['classes']).reshape(-1, 1, 1, 1)
    labels = random.integers(0, workload['classes'], (batches, workload['batch']))
    noise = random.integers(0, 128, (*labels.shape, *workload['image']))
    arrays['labels'] = labels.astype('int64')
    arrays['images'] = (brightness[labels] + noise).astype('uint8')
    numpy.savez(path, **arrays)


def kept_values(workload):
    """What backward needs of one image's way through the layers, as (values, pooled values): the
    input of each layer after the first, which also tells what a ReLU let through, and the scores."""
    values, pooled = 0, 0
    channels, height, width = workload['image']
    for name, shape in workload['layers'].items():
        channels = shape[0]
        if len(shape) == 4:
            height, width = height - shape[2] + 1, width - shape[3] + 1
        else:
            height, width = 1, 1
        if name in workload['pooled']:
            height, width = height // 2, width // 2
            pooled += channels * height * width
        values += channels * height * width
    return values, pooled


def floor_bytes(workload, precision):
    """Bytes that a step moves at least, if nothing stays on the chip from forward to backward and
    from there to the update:

    - forward reads the batch (bytes of pixels, i64 labels) and the weights, and writes what backward
      needs: inputs of layers, and 2 bits for each pooled value, which of four it was;
    - backward reads these, the batch again and the weights but the first layer's, and writes
      gradients;
    - the update reads gradients, reads and writes weights and optimizer state in f32, and for bf16
      writes the weights once more in that.

    All else has the size of the precision: weights that layers compute with, what is kept,
    gradients."""
    size = 2 if precision == 'bf16' else 4
    layers = list(workload['layers'].values())
    weights = [math.prod(shape) for shape in layers]
    parameters = sum(weights) + sum(shape[0] for shape in layers)
    values, pooled = kept_values(workload)
    pixels = workload['batch'] * math.prod(workload['image'])
    kept = workload['batch'] * values * size + workload['batch'] * pooled // 4
    forward = pixels + 8 * workload['batch'] + parameters * size + kept
    backward = pixels + kept + (sum(weights) - weights[0]) * size + parameters * size
    update = parameters * (size + 8 + 8 * workload['optimizer_states'])
    if precision == 'bf16':
        update += parameters * size
    return forward + backward + update
