# SPDX-License-Identifier: Apache-2.0
"""Short training runs, optimizer trajectories and schedules."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from sections.networks import build
from sections.output import f32, l2, save_json, save_npz
from sections.stream import Stream


def run_sgd(m, batches, opt):
    out = []
    for x, y in batches:
        opt.zero_grad()
        loss = F.nll_loss(m(x), y)
        loss.backward()
        opt.step()
        out.append(loss.item())
    return out


def make(cfg):
    c = cfg["train"]
    s = cfg["init_seed"]

    def batches(seed, n, b, shape, k):
        st = Stream(seed)
        return [(st.sym(b, *shape), st.label(b, k)) for _ in range(n)]

    B = batches(c["seed"], c["steps"], c["batch"], (3, 96, 96), 3)
    res = dict(
        seed=c["seed"],
        init_seed=s,
        lr=c["lr"],
        momentum=c["momentum"],
        batch=c["batch"],
        note="per step: stream.sym(batch,3,96,96) then stream.label(batch,3)",
    )
    for nm, dt in (("f32", torch.float32), ("f64", torch.float64)):
        m = build("net", s).to(dt).train()
        o = torch.optim.SGD(m.parameters(), lr=c["lr"], momentum=c["momentum"])
        res["loss_" + nm] = run_sgd(m, [(torch.tensor(x).to(dt), torch.tensor(y)) for x, y in B], o)
        if dt == torch.float64:
            res["final_param_l2_f64"] = {k: l2(p) for k, p in m.named_parameters()}
            res["final_momentum_l2_f64"] = {
                k: l2(o.state[p]["momentum_buffer"]) for k, p in m.named_parameters()
            }
        m = build("net", s).to(dt).train()
        o = torch.optim.SGD(m.parameters(), lr=c["overfit_lr"], momentum=c["momentum"])
        res["loss_same_batch_" + nm] = run_sgd(
            m, [(torch.tensor(B[0][0]).to(dt), torch.tensor(B[0][1]))] * c["steps"], o
        )
    res["overfit_lr"] = c["overfit_lr"]
    save_json("train/net_sgd.json", res)
    c = cfg["mnist_train"]
    B = batches(c["seed"], c["steps"], c["batch"], (1, 28, 28), 10)
    res = dict(
        seed=c["seed"],
        init_seed=s,
        batch=c["batch"],
        note="dropout disabled (eval mode); per step stream.sym(batch,1,28,28) then stream.label(batch,10)",
    )
    for oname, mk in (
        ("sgd_lr.01_m.9", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
        ("adadelta_lr1_rho.9_eps1e-6", lambda p: torch.optim.Adadelta(p, lr=1.0)),
        ("adam_lr.001", lambda p: torch.optim.Adam(p, lr=1e-3)),
    ):
        for nm, dt in (("f32", torch.float32), ("f64", torch.float64)):
            m = build("mnist", s).to(dt).eval()
            res[f"loss_{oname}_{nm}"] = run_sgd(
                m, [(torch.tensor(x).to(dt), torch.tensor(y)) for x, y in B], mk(m.parameters())
            )
    save_json("train/mnist.json", res)
    c = cfg["resnet_train"]
    res = dict(
        seed=c["seed"],
        init_seed=s,
        input_shape=[c["batch"], 3, *c["hw"]],
        note="per step: stream.sym(*input_shape) then stream.label(batch,186); Adam, lr 0.001",
    )
    m = build("resnet18_186", s).double().train()
    o = torch.optim.Adam(m.parameters(), lr=1e-3)
    res["loss_f64"] = []
    for x, y in batches(c["seed"], c["steps"], c["batch"], (3, *c["hw"]), 186):
        o.zero_grad()
        loss = F.cross_entropy(m(torch.tensor(x).double()), torch.tensor(y))
        loss.backward()
        o.step()
        res["loss_f64"].append(loss.item())
    save_json("train/resnet18_adam.json", res)
    # optimizer trajectories on a 12-element parameter with prescribed gradients
    st = Stream(cfg["optim_seed"])
    p0 = st.sym(12)
    G = st.sym(10, 12)
    d = dict(p0=p0, grads=G)
    idx = {}
    V = {
        "sgd": (torch.optim.SGD, dict(lr=0.1)),
        "sgd_m": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
        "sgd_m_nesterov_wd": (
            torch.optim.SGD,
            dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        ),
        "sgd_m_damp_wd": (
            torch.optim.SGD,
            dict(lr=0.05, momentum=0.8, dampening=0.1, weight_decay=0.1),
        ),
        "adam": (torch.optim.Adam, dict(lr=1e-2)),
        "adam_wd": (torch.optim.Adam, dict(lr=1e-2, weight_decay=0.1)),
        "adam_amsgrad": (torch.optim.Adam, dict(lr=1e-2, amsgrad=True)),
        "adamw": (torch.optim.AdamW, dict(lr=1e-2, weight_decay=0.1)),
        "adadelta": (torch.optim.Adadelta, dict(lr=1.0)),
        "adadelta_wd": (torch.optim.Adadelta, dict(lr=0.5, rho=0.95, eps=1e-8, weight_decay=0.1)),
        "adagrad": (torch.optim.Adagrad, dict(lr=0.1)),
        "rmsprop": (torch.optim.RMSprop, dict(lr=0.01)),
        "rmsprop_m_centered": (torch.optim.RMSprop, dict(lr=0.01, momentum=0.9, centered=True)),
    }
    for k, (cls, kw) in V.items():
        idx[k] = dict(cls=cls.__name__, **kw)
        for nm, dt in (("f32", torch.float32), ("f64", torch.float64)):
            p = torch.nn.Parameter(torch.tensor(p0).to(dt))
            o = cls([p], **kw)
            tr = []
            for g in G:
                p.grad = torch.tensor(g).to(dt)
                o.step()
                tr.append(p.detach().numpy().copy())
            d[f"{k}/{nm}"] = np.stack(tr).astype(np.float32)
    save_npz("train/optim.npz", d)
    save_json("train/optim.json", idx)
    # replicated training step: the batch is cut with torch.chunk over 4 replicas, each normalises its own part,
    # gradients of the mean loss over the whole batch add up, only the first replica's running statistics are kept
    torch.manual_seed(s)
    m = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 3)
    ).double()
    st = Stream(cfg["optim_seed"] + 1)
    x, y = st.sym(5, 3, 8, 8), st.label(5, 3)
    import copy

    d = dict(x=x, y=y, **{"p0/" + k: f32(v) for k, v in m.state_dict().items()})
    outs = []
    parts = torch.tensor(x).double().chunk(4)
    first = copy.deepcopy(m)
    for i, part in enumerate(parts):
        r = first if i == 0 else copy.deepcopy(m)
        r.train()
        outs.append(
            torch.nn.utils.stateless.functional_call(r, dict(m.named_parameters()), (part,))
        )
    out = torch.cat(outs)
    loss = F.cross_entropy(out, torch.tensor(y))
    loss.backward()
    d.update(
        {
            "out": f32(out),
            "loss": np.float64(loss.item()),
            "chunks": np.array([len(q) for q in parts]),
            "running_mean": f32(first[1].running_mean),
            "running_var": f32(first[1].running_var),
            "num_batches_tracked": np.array(int(first[1].num_batches_tracked)),
        }
    )
    d.update({"g/" + k: f32(p.grad) for k, p in m.named_parameters()})
    save_npz("train/data_parallel_4.npz", d)
    # schedules
    p = nn.Parameter(torch.zeros(1))
    o = torch.optim.SGD([p], lr=1.0)
    sc = torch.optim.lr_scheduler.StepLR(o, 1, 0.7)
    step = []
    for _ in range(14):
        step.append(o.param_groups[0]["lr"])
        o.step()
        sc.step()
    o = torch.optim.SGD([p], lr=0.001)
    sc = torch.optim.lr_scheduler.ReduceLROnPlateau(o, mode="max", patience=5, factor=0.5)
    score = [
        0.5,
        0.6,
        0.6,
        0.60005,
        0.59,
        0.6,
        0.6,
        0.6,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
        0.7,
    ]
    pl = []
    for v in score:
        sc.step(v)
        pl.append(o.param_groups[0]["lr"])

    def warm(lr, epoch, stp, n):
        f = epoch // 30 + (1 if epoch >= 80 else 0)
        lr = lr * (0.1**f)
        return lr * float(1 + stp + epoch * n) / (5.0 * n) if epoch < 5 else lr

    save_json(
        "train/schedules.json",
        dict(
            step_lr=dict(lr=1.0, step_size=1, gamma=0.7, lr_used_per_epoch=step),
            plateau=dict(
                lr=0.001,
                mode="max",
                patience=5,
                factor=0.5,
                threshold=1e-4,
                threshold_mode="rel",
                scores=score,
                lr_after=pl,
            ),
            step30_warmup5=dict(
                lr=0.001,
                len_epoch=157,
                cases=[
                    [e, i, warm(0.001, e, i, 157)]
                    for e, i in (
                        (1, 1),
                        (1, 157),
                        (2, 10),
                        (4, 157),
                        (5, 1),
                        (29, 3),
                        (30, 1),
                        (59, 1),
                        (60, 1),
                        (79, 1),
                        (80, 1),
                        (90, 1),
                    )
                ],
            ),
        ),
    )
