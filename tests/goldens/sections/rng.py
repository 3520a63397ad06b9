# SPDX-License-Identifier: Apache-2.0
"""Draws of every distribution, permutations and dropout masks."""

import numpy as np
import torch
import torch.nn.functional as F

from sections.output import f32, save_npz
from sections.stream import Stream


def make(cfg):
    for s in cfg["rng_seeds"]:
        d = {}
        g = lambda: torch.manual_seed(s)
        d["raw_u32"] = Stream(s & 0xFFFFFFFF).raw(64)  # only the low 32 bits of a seed matter
        g()
        d["uniform_0_1_f32"] = f32(torch.empty(64).uniform_(0, 1))
        assert (d["uniform_0_1_f32"] == (d["raw_u32"] & 0xFFFFFF) * np.float32(2**-24)).all()
        g()
        d["uniform_m0.1_0.1_f32"] = f32(torch.empty(64).uniform_(-0.1, 0.1))
        g()
        d["uniform_0_1_f64"] = torch.empty(64, dtype=torch.float64).uniform_(0, 1).numpy()
        g()
        d["normal_n64_f32"] = f32(torch.empty(64).normal_(0, 1))
        g()
        d["normal_n64_mean.5_std2_f32"] = f32(torch.empty(64).normal_(0.5, 2))
        g()
        d["normal_n20_f32"] = f32(torch.empty(20).normal_(0, 1))
        g()
        d["normal_n7_three_calls_f32"] = np.concatenate(
            [f32(torch.empty(7).normal_(0, 1)) for _ in range(3)]
        )
        g()
        d["normal_n20_f64"] = torch.empty(20, dtype=torch.float64).normal_(0, 1).numpy()
        g()
        a = torch.empty(3).normal_()
        b = torch.rand(3)
        c = torch.empty(3).normal_()
        d["mixed_normal3_rand3_normal3_f32"] = np.concatenate([f32(a), f32(b), f32(c)])
        g()
        d["random_i64"] = torch.empty(64, dtype=torch.int64).random_().numpy()
        g()
        d["random_i32"] = torch.empty(64, dtype=torch.int32).random_().numpy()
        g()
        d["random_f32"] = f32(torch.empty(64).random_())
        g()
        d["randint_0_10"] = torch.randint(0, 10, (64,)).numpy()
        g()
        d["randint_m5_1000"] = torch.randint(-5, 1000, (64,)).numpy()
        g()
        d["randint_0_2p33"] = torch.randint(0, 2**33, (64,)).numpy()
        g()
        d["randperm_100"] = torch.randperm(100).numpy()
        g()
        d["randperm_1000"] = torch.randperm(1000).numpy().astype(np.int32)
        g()
        d["bernoulli_0.3_f32"] = f32(torch.empty(64).bernoulli_(0.3))
        g()
        d["dropout_0.5_of_ones_f32"] = f32(F.dropout(torch.ones(64), 0.5, True))
        g()
        d["dropout2d_0.25_of_ones_4x6x2x2_f32"] = f32(
            F.dropout2d(torch.ones(4, 6, 2, 2), 0.25, True)
        )
        save_npz(f"rng/rng_seed{s}.npz", d)
