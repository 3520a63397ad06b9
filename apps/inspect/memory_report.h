// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/job/job.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

namespace smtrain::app {

/// The memory of a device that a job takes for tensors, in bytes. Libraries take more: CUDA,
/// cuDNN and cuBLAS some hundreds of megabytes.
struct MemoryReport {
  std::string device;
  int64_t batch_size = 0;
  int64_t steps = 0;  // that were run

  // Planned.
  size_t parameters = 0, gradients = 0, optimizer_state = 0;
  size_t buffers = 0;                   // of the model, and as they were before a step
  size_t batches = 0;                   // inputs of recorded steps
  size_t training = 0, evaluation = 0;  // what the steps compute; one arena, as large as the larger

  // Measured.
  size_t before = 0;      // in use with a model and its optimizer, before the first step
  size_t first_step = 0;  // the peak of the first step, which is not planned yet
  size_t later_steps = 0;
  size_t first_evaluation = 0;                      // not planned yet either; 0 where there is none
  std::optional<size_t> device_used, device_total;  // by all processes, where the device says so

  size_t planned_peak() const;
};

/// Runs `steps` training steps of a job, at least 4, and an evaluation of its
/// first validation batches, and measures.
MemoryReport measure_memory(Job& job, int64_t steps);

void print(const MemoryReport& report, std::ostream& out);
void print_json(const MemoryReport& report, std::ostream& out);

/// smtrain inspect --memory: measures the job of a recipe, with the command's settings over it, and
/// prints the report. Throws what making the job throws.
void inspect_memory(const JobArguments& job, const InspectCommand& command, std::ostream& out,
                    std::ostream& err);

}  // namespace smtrain::app
