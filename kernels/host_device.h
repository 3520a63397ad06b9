// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Marks a function that both the host and CUDA kernels call.
#ifdef __CUDACC__
#define SMTRAIN_HOST_DEVICE __host__ __device__
#else
#define SMTRAIN_HOST_DEVICE
#endif
