# SPDX-License-Identifier: Apache-2.0
"""Synthetic inputs that any language can make: one 32-bit MT19937 draw for each value."""

import numpy as np


class Stream:
    def __init__(s, seed):
        s.rs = np.random.RandomState(seed)

    def raw(s, n):
        return s.rs.randint(0, 2**32, size=n, dtype=np.uint32)

    def unit(s, *shape):
        return (
            ((s.raw(int(np.prod(shape))) & 0xFFFFFF).astype(np.float64) * 2.0**-24)
            .astype(np.float32)
            .reshape(shape)
        )

    def sym(s, *shape):
        return (2 * s.unit(*shape).astype(np.float64) - 1).astype(np.float32)

    def label(s, n, k):
        return (s.raw(n) % k).astype(np.int64)

    def ints(s, lo, hi, *shape):
        return (s.raw(int(np.prod(shape))) % (hi - lo)).astype(np.int64).reshape(shape) + lo
