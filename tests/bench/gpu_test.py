#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_test.py GPU_WORKER: bench/gpu beside PyTorch, on the CPU. Exits with 77 without PyTorch."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKER = pathlib.Path(sys.argv[1])
GPU = ROOT / 'bench' / 'gpu'
sys.path.insert(0, str(ROOT / 'bench'))
sys.dont_write_bytecode = True
os.environ['OMP_NUM_THREADS'] = '1'  # other tests run beside it

import gpus
import worker
import workloads


def bench_gpu():
    """The script as a module."""
    loader = importlib.machinery.SourceFileLoader('bench_gpu', str(GPU))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def run(*arguments):
    return subprocess.run([sys.executable, GPU, '--worker', WORKER, *arguments],
                          capture_output=True, text=True, check=False)


class FakeWorker:
    name, start_up, memory = 'fake', 2.0, 100

    def __init__(self, kernels):
        self.kernels = kernels

    def kernels_per_step(self, count):
        if self.kernels is None:
            raise worker.NotAvailable('it ended')
        return self.kernels


class Floor(unittest.TestCase):
    def test_counts_each_pass(self):
        layers = {'conv': (2, 1, 2, 2), 'fc': (3, 8)}  # 1x5x5 to 2x4x4, pooled to 2x2x2, to 3
        workload = {'batch': 1, 'image': (1, 5, 5), 'optimizer_states': 1, 'layers': layers,
                    'pooled': ('conv',)}
        self.assertEqual(workloads.kept_values(workload), (8 + 3, 8))
        parameters, kept = 8 + 2 + 24 + 3, 11 * 4 + 8 / 4
        forward = 25 + 8 + 4 * parameters + kept
        backward = 25 + kept + 4 * 24 + 4 * parameters
        self.assertEqual(workloads.floor_bytes(workload, 'f32'),
                         forward + backward + (4 + 8 + 8) * parameters)
        kept = 11 * 2 + 8 / 4
        forward = 25 + 8 + 2 * parameters + kept
        backward = 25 + kept + 2 * 24 + 2 * parameters
        self.assertEqual(workloads.floor_bytes(workload, 'bf16'),
                         forward + backward + (2 + 8 + 8 + 2) * parameters)

    def test_counts_the_weights_that_the_models_have(self):
        for name, parameters in (('net', 2_769_337), ('mnist_cnn', 1_199_882)):
            states = workloads.WORKLOADS[name]['optimizer_states']
            weights = 4 * parameters * (1 + 2 + 1 + 2 + 2 * states)  # but for the first layer's
            bytes_ = workloads.floor_bytes(workloads.WORKLOADS[name], 'f32')
            self.assertGreater(bytes_, weights)
            self.assertLess(bytes_, 1.8 * weights)


class OnAKnownGpu(unittest.TestCase):
    peaks = {'bandwidth': 1e9, 'f32': 1e12}

    def comparison(self):
        return bench_gpu().Comparison(
            types.SimpleNamespace(worker=WORKER, device='cpu', precisions='f32',
                                  convolutions='net', rounds=2, seconds=1), self.peaks)

    def test_steps_are_set_against_the_floor(self):
        comparison = self.comparison()
        workers = {'smtrain': FakeWorker(7.1), ('captured', 'captured'): FakeWorker(None)}
        times = {'smtrain': [100, 200], ('captured', 'captured'): [400, 400]}
        with contextlib.redirect_stderr(io.StringIO()):
            comparison.tell('net', 'f32', workers, times)
        floor_ms = workloads.floor_bytes(workloads.WORKLOADS['net'], 'f32') / 1e6
        (theirs,) = comparison.objects
        self.assertAlmostEqual(theirs['floor_ms'], floor_ms)
        self.assertEqual(theirs['smtrain_kernels_per_step'], 7.1)
        self.assertIsNone(theirs['kernels_per_step'])
        self.assertEqual((theirs['ratio'], theirs['spread']), (3, [2, 4]))
        low, middle, high = (t / floor_ms for t in (100, 150, 200))
        self.assertEqual(comparison.rows[0][5:7],
                         ('7.1', f'{middle:.1f} ({low:.1f} to {high:.1f})'))
        self.assertEqual(comparison.rows[1][5], '-')
        self.assertEqual(comparison.notes[-1], 'kernels of fake are not counted: it ended')

    def test_convolutions_are_set_against_the_peak(self):
        table = self.comparison().convolutions()
        rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in table[5:]]
        self.assertEqual([row[:3] for row in rows],
                         [['net, 4', 'f32', f'conv{i}, 1'] for i in (1, 2, 3)])
        self.assertEqual(rows[0][4], '-')  # nobody needs the gradient of pictures
        for cell in (rows[0][3], rows[0][5], *rows[1][3:], *rows[2][3:]):
            self.assertRegex(cell, r'^\d+\.\d us, \d+\.\d\d \(\d+%\)$')

    def test_a_peer_that_does_other_work_is_not_compared_with(self):
        for theirs, is_equal in ((0.0519, True), (0.0521, False)):  # 1e-3 of 2 is allowed
            comparison = self.comparison()
            comparison.args.peers = 'eager,jax'
            losses = {'smtrain': [2.0] * 10 + [0.05] * 40, 'pytorch': [2.0] * 10 + [theirs] * 40}

            def answer(kind, *_):
                if kind not in losses:
                    raise worker.NotAvailable('it is not installed')
                return losses[kind]
            comparison.losses = answer
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(comparison.same_work('net', 'inputs', 'f32'),
                                 {'pytorch'} if is_equal else set())
            self.assertEqual(comparison.differs, not is_equal)
            self.assertEqual(comparison.notes[0], 'net, f32: no jax: it is not installed')

    def test_every_peak_is_there(self):
        for name, peaks in gpus.PEAKS.items():
            self.assertEqual(set(peaks), {'bandwidth', 'f32', 'tf32', 'bf16'}, name)


class OnTheCpu(unittest.TestCase):
    def test_writes_results(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run('--device', 'cpu', '--workloads', 'net', '--precisions', 'f32',
                         '--rounds', '1', '--seconds', '0.1', '--convolutions', '',
                         '--peers', 'eager', '--out', folder)
            self.assertEqual(result.returncode, 0, result.stderr)
            (eager,) = (o for o in json.loads((pathlib.Path(folder) / 'cpu.json').read_text())
                        if o['peer'] == 'eager')
            table = (pathlib.Path(folder) / 'cpu.md').read_text()
        self.assertEqual((eager['workload'], eager['form']), ('net', 'eager'))
        low, high = eager['spread']
        self.assertTrue(0 < low <= eager['ratio'] <= high)
        self.assertIsNone(eager['kernels_per_step'])
        self.assertIsNone(eager['smtrain_kernels_per_step'])
        self.assertIn('net, f32: losses of 50 steps within ', table)
        self.assertIn('\n| net | f32 | eager (eager) | ', table)
        self.assertEqual(result.stdout, table)

    def test_leaves_the_results_of_gpus_alone(self):
        result = run('--device', 'cpu')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--device cpu needs --out', result.stderr)


if __name__ == '__main__':
    try:
        import numpy
        import torch
    except ModuleNotFoundError as error:
        print(f'skipped: {sys.executable}: {error}')
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
