# SPDX-License-Identifier: Apache-2.0
"""What this machine's first GPU is, how it is, and what it can do at most."""
import shutil
import subprocess

# By nvidia-smi's names, from NVIDIA's data sheets: bytes/s of the memory, and dense products in
# FLOP/s by precision.
PEAKS = {
    'NVIDIA A100-SXM4-80GB': {'bandwidth': 2.039e12, 'f32': 19.5e12, 'tf32': 156e12, 'bf16': 312e12},
    'NVIDIA H100 80GB HBM3': {'bandwidth': 3.35e12, 'f32': 67e12, 'tf32': 494.7e12, 'bf16': 989.4e12},
    'NVIDIA H200': {'bandwidth': 4.8e12, 'f32': 67e12, 'tf32': 494.7e12, 'bf16': 989.4e12},
}


def nvidia_smi(field):
    if shutil.which('nvidia-smi') is None:
        return None
    result = subprocess.run(['nvidia-smi', f'--query-gpu={field}', '--format=csv,noheader,nounits'],
                            capture_output=True, text=True, check=False)
    return result.stdout.split('\n')[0].strip() if result.returncode == 0 else None


def gpu_memory():
    """MiB in use on the first GPU, by all processes."""
    used = nvidia_smi('memory.used')
    return None if used is None else int(used)


def state_of_gpu():
    return ', '.join(f'{field} {nvidia_smi(field)}' for field in
                     ('clocks.sm', 'clocks.mem', 'power.draw', 'temperature.gpu'))
