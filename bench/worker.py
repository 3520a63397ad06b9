# SPDX-License-Identifier: Apache-2.0
"""The processes that bench/gpu measures."""
import json
import select
import subprocess
import tempfile
import time

from gpus import gpu_memory

START_UP_LIMIT = 900  # seconds; max-autotune tries many kernels


class NotAvailable(Exception):
    """A peer that this machine does not have, or that can't do what it was asked for."""


class Worker:
    """A process that answers requests with lines of JSON."""

    def __init__(self, command, environment=None):
        self.errors = tempfile.TemporaryFile('w+')
        before = gpu_memory()
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, bufsize=1, env=environment)
        try:
            self.name = self.answer(START_UP_LIMIT)['ready']
        except Exception:
            self.stop()
            raise
        self.start_up = time.perf_counter() - start
        self.memory = None if before is None else gpu_memory() - before

    def answer(self, limit=START_UP_LIMIT):
        readable, _, _ = select.select([self.process.stdout], [], [], limit)
        line = self.process.stdout.readline() if readable else ''
        if not line:
            self.errors.seek(0)
            words = [text.strip() for text in self.errors if text.strip()]
            raise NotAvailable(words[-1] if words else f'no answer in {limit} s')
        return json.loads(line)

    def ask(self, request, count):
        self.process.stdin.write(f'{request} {count}\n')
        return self.answer()

    def ms_per_step(self, count):
        return 1000 * self.ask('time', count)['seconds'] / count

    def kernels_per_step(self, count):
        return self.ask('kernels', count)['kernels']

    def stop(self):
        self.process.kill()
        self.process.communicate()
        self.errors.close()
