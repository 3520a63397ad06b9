# SPDX-License-Identifier: Apache-2.0
"""Running programs and putting numbers into words, for the scripts of this folder."""
import json
import os
import statistics
import subprocess
import sys
import time


class Failed(Exception):
    """A program that was to be measured failed."""


def run(command):
    """Runs to the end. Returns what it printed and its peak resident memory in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f'{" ".join(map(str, command))}: exit code {process.returncode}')
    return output, usage.ru_maxrss / 1024


def run_json(command):
    return json.loads(run(command)[0])


def milliseconds_until(command, text):
    """From exec to the first printed line that begins so. The program is then ended."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith(text):
                elapsed = 1000 * (time.perf_counter() - start)
                process.kill()
                return elapsed
    raise Failed(f'{" ".join(map(str, command))}: never printed {text!r}')


def milliseconds_of(command):
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.perf_counter() - start)


def spread(values, digits=1):
    """Median and range: '12.3 (11.9 to 14.0)'."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f'{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})'


def largest_relative_difference(a, b):
    return max(abs(x - y) / max(abs(y), 1e-12) for x, y in zip(a, b, strict=True))


def machine():
    """'AMD EPYC, 2 processors, avx512f avx512_bf16'."""
    with open('/proc/cpuinfo') as file:
        fields = dict(line.split(':', 1) for line in file.read().split('\n\n')[0].split('\n')
                      if ':' in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    features = [f for f in ('avx2', 'avx512f', 'avx512_bf16', 'amx_bf16')
                if f in fields['flags'].split()]
    return f'{fields["model name"]}, {os.cpu_count()} processors, {" ".join(features)}'


def peer_version(python):
    code = ('import torch; libraries = sorted({l.split()[-1] for l in open("/proc/self/maps")'
            ' if "blas" in l.lower() or "mkl" in l.lower() or "dnnl" in l});'
            'print(torch.__version__, "with", ", ".join(l.split("/")[-1] for l in libraries))')
    return run([python, '-c', code])[0].strip()


def say(line):
    print(line, file=sys.stderr, flush=True)
