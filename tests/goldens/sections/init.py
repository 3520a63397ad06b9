# SPDX-License-Identifier: Apache-2.0
"""PyTorch's initial parameters for a seed."""

import hashlib

from sections.networks import build
from sections.output import f32, save_json, save_npz, summary


def make(cfg):
    s = cfg["init_seed"]
    for kind in ("net", "mnist", "resnet18_186", "resnet101"):
        m = build(kind, s)
        save_json(
            f"init/{kind}_seed{s}.json",
            dict(
                seed=s,
                parameters=sum(p.numel() for p in m.parameters()),
                tensors={k: summary(p) for k, p in m.named_parameters()},
                state_dict_keys=(
                    list(m.state_dict())
                    if kind != "resnet101"
                    else dict(
                        count=len(m.state_dict()),
                        sha256=hashlib.sha256("\n".join(m.state_dict()).encode()).hexdigest(),
                    )
                ),
            ),
        )
        if kind in ("net", "mnist"):
            save_npz(
                f"init/{kind}_seed{s}_small.npz",
                {k: f32(p) for k, p in m.named_parameters() if p.numel() <= 20000},
            )
