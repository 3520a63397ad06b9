#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Produce reference ("golden") data with real PyTorch / torchvision / Pillow.

    python3 make_goldens.py --out DIR [--config cfg.json]

Everything is derived from seeds in the configuration, so a second, independent set is one
other configuration file away.  Nothing here is needed to build or run the engine.

Synthetic inputs ("stream(seed)")
    A plain MT19937 seeded with init_genrand(seed) (= std::mt19937(seed)); every value takes one
    32-bit draw r.   unit:  u = (r & 0xffffff) * 2^-24      sym:  x = 2*u - 1   (exact in float32)
    label in [0,K):  r % K.   Arrays are filled in C order, one array after the other.

Numbers called *_f64 were computed in double precision from float32 inputs/parameters and then
rounded to float32 (arrays) or printed with 17 digits (JSON); *_f32 is PyTorch's own float32 run.
"""

import argparse
import hashlib
import json
import os
import warnings

import numpy as np
import PIL
import torch
import torchvision

from sections import data, files, image, init, model, ops, output, rng, train

warnings.simplefilter("ignore")

DEFAULT = dict(
    name="dev",
    rng_seeds=[1, 42],
    init_seed=1,
    train=dict(seed=100, steps=20, lr=0.001, momentum=0.9, batch=4, overfit_lr=0.02),
    mnist_train=dict(seed=200, steps=10, batch=8),
    resnet_train=dict(seed=250, steps=50, batch=4, hw=[35, 59]),
    model_seed=300,
    resnet_hw=64,
    bengali_hw=[137, 236],
    ops_seed=1000,
    optim_seed=2000,
    image_seed=3000,
    sampler=dict(n_train=2399, n_test=597, epochs=3, batch=4),
    grow=[0, 0, 0],  # added to batch, height and width of every per-operator case
    metric_seed=4000,
    resize_sizes=[[53, 37], [120, 96], [30, 41]],
    resize_out=[[96, 96], [64, 48], [224, 224]],
)


SECTIONS = dict(
    rng=rng, init=init, train=train, model=model, ops=ops, image=image, data=data, files=files
)

# The uniform numbers of a PyTorch whose CPU kernels use fused multiply-add (x86 AVX2).
FUSED_UNIFORM = "90641c5bd904466c"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--config")
    ap.add_argument("--only")
    a = ap.parse_args()
    output.OUT = a.out
    cfg = dict(DEFAULT)
    if a.config:
        cfg.update(json.load(open(a.config)))
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for k, section in SECTIONS.items():
        if a.only and k not in a.only.split(","):
            continue
        section.make(cfg)
        print("done", k, flush=True)
    made = {}
    for r, _, fs in os.walk(output.OUT):
        for f in sorted(fs):
            p = os.path.join(r, f)
            q = os.path.relpath(p, output.OUT)
            if q in ("manifest.json", "README.md", "make_goldens.py", "config.json"):
                continue
            b = open(p, "rb").read()
            made[q] = dict(bytes=len(b), sha256=hashlib.sha256(b).hexdigest())
    torch.manual_seed(0)
    probe = hashlib.sha256(torch.empty(4096).uniform_(-0.1, 0.1).numpy().tobytes()).hexdigest()[:16]
    output.save_json(
        "manifest.json",
        dict(
            config=cfg,
            versions=dict(
                torch=torch.__version__,
                torchvision=torchvision.__version__,
                pillow=PIL.__version__,
                numpy=np.__version__,
            ),
            fused_uniform=probe == FUSED_UNIFORM,
            uniform_probe=probe,
            total_bytes=sum(v["bytes"] for v in made.values()),
            files=dict(sorted(made.items())),
        ),
    )


if __name__ == "__main__":
    main()
