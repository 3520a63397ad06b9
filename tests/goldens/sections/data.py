# SPDX-License-Identifier: Apache-2.0
"""The order in which samplers visit data, and macro recall."""

import hashlib

import numpy as np
import torch

from sections.networks import Net
from sections.output import save_json
from sections.stream import Stream


def make(cfg):
    c = cfg["sampler"]
    s = cfg["init_seed"]
    n, nt = c["n_train"], c["n_test"]

    class D(torch.utils.data.Dataset):
        def __init__(q, n):
            q.n = n

        def __len__(q):
            return q.n

        def __getitem__(q, i):
            return i

    order = lambda it: [int(v) for b in it for v in b]
    pack = lambda o: dict(
        first32=o[:32],
        last4=o[-4:],
        sha256_int64=hashlib.sha256(np.array(o, "<i8").tobytes()).hexdigest(),
    )
    torch.manual_seed(s)
    tr = torch.utils.data.DataLoader(D(n), c["batch"], shuffle=True)
    te = torch.utils.data.DataLoader(D(nt), c["batch"], shuffle=True)
    Net()
    res = dict(seed=s, n_train=n, n_test=nt, batch=c["batch"], model="net", modern=[], up_to_1_5=[])
    for e in range(c["epochs"]):
        a = order(tr)
        b = order(te)
        res["modern"].append(dict(train=pack(a), test=pack(b)))
    # the same, from the primitive draws: base seed (int64 random_), sampler seed (int64 random_), private generator
    torch.manual_seed(s)
    Net()

    def epoch(n):
        torch.empty((), dtype=torch.int64).random_()
        g = torch.Generator()
        g.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))
        return torch.randperm(n, generator=g).tolist()

    for e in range(c["epochs"]):
        assert (
            pack(epoch(n)) == res["modern"][e]["train"]
            and pack(epoch(nt)) == res["modern"][e]["test"]
        )
    torch.manual_seed(s)
    Net()

    def epoch0(n):
        torch.empty((), dtype=torch.int64).random_()
        return torch.randperm(n).tolist()

    for e in range(c["epochs"]):
        res["up_to_1_5"].append(dict(train=pack(epoch0(n)), test=pack(epoch0(nt))))
    ds = []
    for N, W in ((10, 3), (7, 4), (3, 8), (12, 4)):
        for ep in (0, 1):
            for dl in (False, True):
                r = []
                for k in range(W):
                    q = torch.utils.data.distributed.DistributedSampler(
                        D(N), num_replicas=W, rank=k, drop_last=dl
                    )
                    q.set_epoch(ep)
                    try:
                        r.append(list(q))
                    except AssertionError:
                        r.append(None)
                ds.append(dict(n=N, world=W, epoch=ep, drop_last=dl, indices=r))
    res["distributed"] = ds
    save_json("data/sampler.json", res)
    from sklearn.metrics import recall_score

    st = Stream(cfg["metric_seed"])
    M = []
    for k, n_ in ((7, 60), (11, 80), (168, 400)):
        t = st.label(n_, k)
        p = np.where(st.unit(n_) < 0.6, t, st.label(n_, k))
        p = np.minimum(p, k - 1)
        M.append(
            dict(
                k=k,
                true=t.tolist(),
                pred=p.tolist(),
                macro_recall=float(recall_score(t, p, average="macro")),
            )
        )
    save_json(
        "data/macro_recall.json",
        dict(
            note="classes = union of labels present in true or pred; a class never true contributes 0",
            cases=M,
            weighted_2_1_1=float(
                np.average(
                    [M[2]["macro_recall"], M[1]["macro_recall"], M[0]["macro_recall"]],
                    weights=[2, 1, 1],
                )
            ),
        ),
    )
