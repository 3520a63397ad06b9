# SPDX-License-Identifier: Apache-2.0
"""Where results go, and the summaries of tensors that are too large to keep."""

import hashlib
import json
import os

import numpy as np

OUT = None  # the folder that path() is relative to, set by make_goldens.py


def path(p):
    p = os.path.join(OUT, p)
    os.makedirs(os.path.dirname(p), exist_ok=True)
    return p


def save_json(p, o):
    with open(path(p), "w") as f:
        json.dump(o, f, indent=1, sort_keys=False)
        f.write("\n")


def save_npz(p, d):
    np.savez(path(p), **{k: np.array(v, order="C") for k, v in d.items()})


def f32(t):
    return t.detach().cpu().numpy().astype(np.float32)


def sha(a):
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def l2(t):
    return float(np.sqrt((t.detach().double().numpy() ** 2).sum()))


def summary(t):
    a = t.detach().numpy()
    d = a.astype(np.float64)
    return dict(
        shape=list(a.shape),
        sha256=sha(a),
        sum=float(d.sum()),
        l2=float(np.sqrt((d * d).sum())),
        min=float(d.min()),
        max=float(d.max()),
        first=[float(x) for x in a.ravel()[:4]],
    )
