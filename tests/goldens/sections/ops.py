# SPDX-License-Identifier: Apache-2.0
"""Single operators with their inputs, outputs and gradients."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from sections.output import f32, save_json, save_npz
from sections.stream import Stream


def make(cfg):
    seed = cfg["ops_seed"]
    T = lambda a: torch.tensor(a).double()

    def grads(y, gy, **leaves):
        g = torch.autograd.grad(y, list(leaves.values()), T(gy))
        return {"g" + k: f32(v) for k, v in zip(leaves, g)}

    dn, dh, dw = cfg["grow"]
    big = lambda t: (t[0] + dn, t[1]) + ((t[2] + dh, t[3] + dw) if len(t) == 4 else ())
    # ---- conv2d
    C = [
        dict(x=(2, 3, 9, 8), o=4, k=(3, 3)),
        dict(x=(2, 3, 16, 15), o=4, k=(7, 7), stride=2, padding=3, bias=False),
        dict(x=(2, 5, 6, 7), o=6, k=(1, 1)),
        dict(x=(2, 5, 7, 6), o=3, k=(1, 1), stride=2, bias=False),
        dict(x=(1, 4, 9, 9), o=4, k=(3, 3), stride=2, padding=1),
        dict(x=(2, 2, 11, 10), o=3, k=(3, 3), padding=2, dilation=2),
        dict(x=(2, 4, 7, 7), o=6, k=(3, 3), padding=1, groups=2),
        dict(x=(2, 3, 8, 8), o=6, k=(3, 3), padding=1, groups=3),
        dict(x=(2, 2, 10, 12), o=3, k=(3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        dict(x=(1, 2, 9, 9), o=2, k=(4, 4), padding="same"),
        dict(x=(1, 3, 14, 14), o=6, k=(7, 7)),
        dict(x=(3, 1, 5, 5), o=2, k=(5, 5)),
        dict(x=(1, 1, 4, 4), o=1, k=(3, 3), padding=3, stride=3),
        dict(x=(2, 8, 5, 5), o=8, k=(3, 3), padding=1, groups=8, stride=2),
        dict(
            x=(1, 2, 12, 12),
            o=2,
            k=(2, 3),
            stride=(3, 2),
            padding=(0, 1),
            dilation=(2, 1),
            bias=False,
        ),
    ]
    d, ix = {}, []
    for i, c in enumerate(C):
        st = Stream(seed + i)
        c = dict(c)
        xs, o, k = big(c.pop("x")), c.pop("o"), c.pop("k")
        bias = c.pop("bias", True)
        g = c.get("groups", 1)
        x, w = st.sym(*xs), st.sym(o, xs[1] // g, *k)
        b = st.sym(o) if bias else None
        X, W = T(x).requires_grad_(), T(w).requires_grad_()
        Bt = T(b).requires_grad_() if bias else None
        y = F.conv2d(X, W, Bt, **c)
        gy = st.sym(*y.shape)
        n = f"c{i:02d}"
        d.update({f"{n}/x": x, f"{n}/w": w, f"{n}/y": f32(y), f"{n}/gy": gy})
        lv = dict(x=X, w=W)
        if bias:
            d[f"{n}/b"] = b
            lv["b"] = Bt
        d.update({f"{n}/{kk}": v for kk, v in grads(y, gy, **lv).items()})
        ix.append(dict(id=n, bias=bias, **c))
    save_npz("ops/conv2d.npz", d)
    IX = dict(conv2d=ix)
    # ---- pooling
    P = [
        ("max", (2, 3, 8, 8), dict(kernel_size=2, stride=2)),
        ("max", (2, 3, 9, 11), dict(kernel_size=3, stride=2, padding=1)),
        ("max", (1, 2, 7, 9), dict(kernel_size=2, stride=2)),
        ("max", (1, 2, 7, 9), dict(kernel_size=2, stride=2, ceil_mode=True)),
        ("max", (1, 2, 8, 10), dict(kernel_size=3, stride=2, padding=1, ceil_mode=True)),
        ("max", (1, 2, 9, 9), dict(kernel_size=3, stride=1, dilation=2)),
        ("max_ties", (2, 2, 8, 8), dict(kernel_size=2, stride=2)),
        ("max_ties", (1, 3, 9, 9), dict(kernel_size=3, stride=2, padding=1)),
        ("max_ties", (1, 1, 6, 6), dict(kernel_size=3, stride=1)),
        ("max", (1, 2, 6, 7), dict(kernel_size=(3, 2), stride=(2, 3), padding=(1, 0))),
        ("max", (1, 1, 5, 5), dict(kernel_size=3)),
        ("max", (1, 1, 4, 4), dict(kernel_size=3, stride=3, padding=1, ceil_mode=True)),
        ("avg", (2, 3, 8, 8), dict(kernel_size=2)),
        ("avg", (1, 2, 9, 9), dict(kernel_size=3, stride=2, padding=1)),
        ("avg", (1, 2, 9, 9), dict(kernel_size=3, stride=2, padding=1, count_include_pad=False)),
        ("avg", (1, 2, 8, 7), dict(kernel_size=3, stride=2, padding=1, ceil_mode=True)),
        (
            "avg",
            (1, 2, 8, 7),
            dict(kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
        ),
        ("avg", (1, 1, 6, 6), dict(kernel_size=2, divisor_override=3)),
        ("adaptive_avg", (2, 3, 5, 8), dict(output_size=(1, 1))),
        ("adaptive_avg", (2, 3, 7, 10), dict(output_size=(3, 4))),
        ("adaptive_avg", (1, 2, 5, 6), dict(output_size=(7, 7))),
        ("adaptive_avg", (1, 2, 5, 8), dict(output_size=(5, 3))),
        ("adaptive_max", (1, 2, 7, 10), dict(output_size=(3, 4))),
    ]
    d, ix = {}, []
    for i, (kind, xs, kw) in enumerate(P):
        st = Stream(seed + 100 + i)
        xs = big(xs)
        x = st.ints(-2, 2, *xs).astype(np.float32) if kind == "max_ties" else st.sym(*xs)
        X = T(x).requires_grad_()
        n = f"p{i:02d}"
        ind = None
        if kind.startswith("max"):
            y, ind = F.max_pool2d(X, return_indices=True, **kw)
        elif kind == "avg":
            y = F.avg_pool2d(X, **kw)
        elif kind == "adaptive_avg":
            y = F.adaptive_avg_pool2d(X, **kw)
        else:
            y, ind = F.adaptive_max_pool2d(X, return_indices=True, **kw)
        gy = st.sym(*y.shape)
        d.update({f"{n}/x": x, f"{n}/y": f32(y), f"{n}/gy": gy})
        d.update({f"{n}/{k}": v for k, v in grads(y, gy, x=X).items()})
        if ind is not None:
            d[f"{n}/indices"] = ind.numpy().astype(np.int32)
        ix.append(dict(id=n, kind=kind, **kw))
    save_npz("ops/pool.npz", d)
    IX["pool"] = ix
    # ---- batch norm
    N = [
        dict(x=(3, 4, 5, 6), train=True),
        dict(x=(3, 4, 5, 6), train=False),
        dict(x=(2, 3, 1, 1), train=True),
        dict(x=(6, 5), train=True),
        dict(x=(6, 5), train=False),
        dict(x=(2, 3, 4, 4), train=True, affine=False),
        dict(x=(2, 3, 4, 4), train=True, momentum=None, steps=3),
        dict(x=(2, 3, 4, 4), train=True, momentum=0.3, eps=1e-3, steps=2),
        dict(x=(2, 3, 4, 4), train=True, track=False),
    ]
    d, ix = {}, []
    for i, c in enumerate(N):
        st = Stream(seed + 200 + i)
        xs = big(c["x"])
        ch = xs[1]
        cls = nn.BatchNorm2d if len(xs) == 4 else nn.BatchNorm1d
        aff = c.get("affine", True)
        n = f"n{i:02d}"
        m = cls(
            ch,
            eps=c.get("eps", 1e-5),
            momentum=c.get("momentum", 0.1),
            affine=aff,
            track_running_stats=c.get("track", True),
        ).double()
        m.train(c["train"])
        if aff:
            w, b = st.sym(ch) + np.float32(1.5), st.sym(ch)
            m.weight.data = T(w)
            m.bias.data = T(b)
            d[f"{n}/w"], d[f"{n}/b"] = w, b
        if m.running_mean is not None:
            rm, rv = st.sym(ch), st.unit(ch) + np.float32(0.5)
            m.running_mean.copy_(T(rm))
            m.running_var.copy_(T(rv))
            d[f"{n}/rm0"], d[f"{n}/rv0"] = rm, rv
        for k in range(c.get("steps", 1)):
            x = st.sym(*xs) * np.float32(2) + np.float32(0.5)
            X = T(x).requires_grad_()
            y = m(X)
            d[f"{n}/x{k}"] = x
            d[f"{n}/y{k}"] = f32(y)
            if m.running_mean is not None:
                d[f"{n}/rm{k+1}"], d[f"{n}/rv{k+1}"] = f32(m.running_mean), f32(m.running_var)
        gy = st.sym(*xs)
        d[f"{n}/gy"] = gy
        lv = dict(x=X)
        if aff:
            lv.update(w=m.weight, b=m.bias)
        d.update({f"{n}/{k}": v for k, v in grads(y, gy, **lv).items()})
        ix.append(dict(id=n, **{k: v for k, v in c.items() if k != "x"}))
    save_npz("ops/batchnorm.npz", d)
    IX["batchnorm"] = ix
    # ---- softmax / losses
    d, ix = {}, []

    def add(n, y, x, X, gy=None, **extra):
        d[f"{n}/x"] = x
        d[f"{n}/y"] = f32(y) if y.dim() else np.float32(y.item())
        gy = np.float32(1) if gy is None else gy
        d[f"{n}/gy"] = gy
        d[f"{n}/gx"] = f32(torch.autograd.grad(y, X, torch.tensor(gy).double())[0])
        for k, v in extra.items():
            d[f"{n}/{k}"] = v

    st = Stream(seed + 300)
    for i, (op, xs, dim) in enumerate(
        (
            ("log_softmax", (4, 7), -1),
            ("log_softmax", (2, 5, 3, 3), 1),
            ("softmax", (4, 7), 1),
            ("log_softmax", (2, 3), 1),
        )
    ):
        x = st.sym(*xs) * np.float32(8 if i < 3 else 100)
        X = T(x).requires_grad_()
        y = getattr(F, op)(X, dim)
        gy = st.sym(*xs)
        add(f"s{i:02d}", y, x, X, gy)
        ix.append(dict(id=f"s{i:02d}", op=op, dim=dim))
    L = [
        ("nll", {}),
        ("nll", dict(reduction="sum")),
        ("nll", dict(reduction="none")),
        ("nll", dict(weight=True)),
        ("nll", dict(weight=True, reduction="sum")),
        ("nll", dict(ignore_index=2)),
        ("nll", dict(ignore_index=2, weight=True)),
        ("ce", {}),
        ("ce", dict(label_smoothing=0.1)),
        ("ce", dict(label_smoothing=0.1, weight=True)),
        ("ce", dict(label_smoothing=0.1, ignore_index=2)),
        ("ce", dict(label_smoothing=0.2, ignore_index=2, weight=True)),
        ("ce", dict(label_smoothing=0.1, reduction="sum")),
        ("ce", dict(label_smoothing=0.1, reduction="none", weight=True)),
        ("ce_prob", {}),
        ("ce_prob", dict(label_smoothing=0.1)),
        ("ce", dict(ignore_index=-100, some_ignored=True)),
        ("mse", {}),
        ("bce_logits", {}),
    ]
    for i, (op, kw) in enumerate(L):
        st = Stream(seed + 320 + i)
        n = f"l{i:02d}"
        B, K = 6 + dn, 5 + dh
        x = st.sym(B, K) * np.float32(3)
        X = T(x).requires_grad_()
        y = st.label(B, K)
        y[0] = 2
        kw = dict(kw)
        rec = dict(id=n, op=op, **kw)
        ex = {}
        if kw.pop("some_ignored", False):
            y[1] = -100
            y[4] = -100
        if kw.pop("weight", False):
            w = st.unit(K) + np.float32(0.25)
            kw["weight"] = T(w)
            ex["weight"] = w
        if op == "nll":
            out = F.nll_loss(F.log_softmax(X, 1), torch.tensor(y), **kw)
            ex["target"] = y
        elif op == "ce":
            out = F.cross_entropy(X, torch.tensor(y), **kw)
            ex["target"] = y
        elif op == "ce_prob":
            t = st.unit(B, K)
            t = (t / t.sum(1, keepdims=True)).astype(np.float32)
            out = F.cross_entropy(X, T(t), **kw)
            ex["target_prob"] = t
        elif op == "mse":
            t = st.sym(B, K)
            out = F.mse_loss(X, T(t))
            ex["target_real"] = t
        else:
            t = (st.raw(B * K) % 2).astype(np.float32).reshape(B, K)
            out = F.binary_cross_entropy_with_logits(X, T(t))
            ex["target_real"] = t
        gy = st.sym(B) if out.dim() else None
        add(n, out, x, X, gy, **ex)
        ix.append(rec)
    save_npz("ops/loss.npz", d)
    IX["loss"] = ix
    # ---- linear, relu, dropout(off), residual add
    d, ix = {}, []
    st = Stream(seed + 400)
    for i, (xs, o, bias) in enumerate(
        (((4, 7), 5, True), ((3, 9), 4, False), ((2, 3, 6), 5, True), ((1, 84), 3, True))
    ):
        xs = (xs[0] + dn, *xs[1:-1], xs[-1] + dw)
        x, w = st.sym(*xs), st.sym(o, xs[-1])
        b = st.sym(o) if bias else None
        X, W = T(x).requires_grad_(), T(w).requires_grad_()
        Bt = T(b).requires_grad_() if bias else None
        y = F.linear(X, W, Bt)
        gy = st.sym(*y.shape)
        n = f"f{i:02d}"
        d.update({f"{n}/x": x, f"{n}/w": w, f"{n}/y": f32(y), f"{n}/gy": gy})
        lv = dict(x=X, w=W)
        if bias:
            d[f"{n}/b"] = b
            lv["b"] = Bt
        d.update({f"{n}/{k}": v for k, v in grads(y, gy, **lv).items()})
        ix.append(dict(id=n, op="linear", bias=bias))
    x = st.ints(-3, 3, 4, 6).astype(np.float32)
    X = T(x).requires_grad_()
    y = F.relu(X)
    gy = st.sym(4, 6)
    d.update({"relu/x": x, "relu/y": f32(y), "relu/gy": gy, "relu/gx": grads(y, gy, x=X)["gx"]})
    ix.append(dict(id="relu", op="relu", note="gradient at exactly 0 is 0"))
    x = st.sym(3, 5)
    d.update(
        {
            "dropout_eval/x": x,
            "dropout_eval/y": f32(F.dropout(T(x), 0.4, False)),
            "dropout_p0/x": x,
            "dropout_p0/y": f32(F.dropout(T(x), 0.0, True)),
        }
    )
    ix += [
        dict(id="dropout_eval", op="dropout", p=0.4, training=False),
        dict(id="dropout_p0", op="dropout", p=0.0, training=True),
    ]
    save_npz("ops/misc.npz", d)
    IX["misc"] = ix
    save_json("ops/index.json", IX)
