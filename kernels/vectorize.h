// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Compiles a function for AVX-512, AVX2 and the baseline; the loader picks the best that the
/// machine has. Write plain loops over __restrict pointers and call always-inline lambdas. Sums
/// keep explicit lanes, so that the result does not depend on the instruction set. (Sanitizers
/// can't run the loader's choice, clang can't compile it.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define SMTRAIN_VECTORIZED \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SMTRAIN_VECTORIZED
#endif
