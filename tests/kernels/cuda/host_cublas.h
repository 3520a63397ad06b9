// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

// cuBLASLt as its documentation has it, in plain loops on the host, in place of the library: tests
// see that it is asked for the right product of column-major matrices. A request that it would
// refuse, or that breaks a promise to it, fails the test.

namespace smtrain::host_cublas {

/// What was asked of it since the last reset().
struct Seen {
  int choices = 0;   // of an algorithm
  int products = 0;  // of batches of matrices
  int workspaces = 0;
};
Seen& seen();

/// How it behaves: of how much workspace its algorithms speak, whether it has any algorithm, and
/// whether streams are being captured.
struct Behaviour {
  size_t workspace_bytes = 0;
  bool has_algorithms = true;
  bool expects_tf32 = false;  // of products of f32
  bool is_capturing = false;
};
Behaviour& behaviour();

void reset();

}  // namespace smtrain::host_cublas
