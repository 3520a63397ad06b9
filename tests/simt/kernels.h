// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smtrain::simt {

/// A __global__ function of this program: every function whose name ends in "_kernel", each
/// instantiation of a template by itself.
struct Kernel {
  std::string function;  // "softmax_kernel"
  std::string name;      // "softmax_kernel<Team<32>, float>"
  bool has_run = false;  // in some launch that came to its end
};

/// All of them, from the program's own symbol table, ordered by name.
std::vector<Kernel> kernels_of_program();

/// Notes that a kernel has run.
void note_run(const void* kernel);

}  // namespace smtrain::simt
