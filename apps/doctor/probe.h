// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/variables.h"

#include <optional>
#include <string>

/// What `smtrain doctor` looks at: one struct a row. A probe's run() throws std::exception when
/// what it looks at is needed and can't be used.
namespace smtrain::app {

/// What a probe found: words, or a speed.
struct Finding {
  std::string text;              // "66.1 GB free of 251.9 GB in /tmp"
  std::optional<double> number;  // of a speed
  std::string unit;              // "GFLOP/s"
};

// ---- the machine (system_probes.cpp) ----------------------------------------------------------

/// Version, compiler and kind of build.
struct BuildProbe {
  static constexpr const char* kName = "build";
  Finding run() const;
};

/// The processor and those of its instruction sets that speed depends on.
struct ProcessorProbe {
  static constexpr const char* kName = "processor";
  Finding run() const;
};

struct OneDnnProbe {
  static constexpr const char* kName = "oneDNN";
  Finding run() const;
};

/// Whether there is a GPU, a driver and the CUDA library of this build.
struct GpuProbe {
  static constexpr const char* kName = "GPU";
  Finding run() const;
};

/// Memory of the machine and of its container.
struct MemoryProbe {
  static constexpr const char* kName = "memory";
  Finding run() const;
};

/// Processors of the machine, of the affinity and of the container.
struct ProcessorsProbe {
  static constexpr const char* kName = "processors";
  Finding run() const;
};

struct SharedMemoryProbe {
  static constexpr const char* kName = "/dev/shm";
  Finding run() const;
};

/// The folder for temporary files: TMPDIR or /tmp. Fails when no file can be made there.
struct ScratchProbe {
  static constexpr const char* kName = "scratch";
  Finding run() const;
};

/// The folders that SageMaker gives a container, below /opt/ml or SAGEMAKER_BASE_DIR.
struct SageMakerProbe {
  static constexpr const char* kName = "/opt/ml";
  Variables variables{};
  Finding run() const;
};

// ---- speeds (speed_probes.cpp) ----------------------------------------------------------------

/// Bytes that one thread copies from one place in memory to another.
struct CopyProbe {
  static constexpr const char* kName = "memory copy";
  Finding run() const;
};

/// A product of two f32 matrices of 768 x 768.
struct MatmulProbe {
  static constexpr const char* kName = "matmul";
  Finding run() const;
};

/// The first layer of `net` on four of its pictures: 3 to 6 channels, 7x7, [96, 96].
struct FirstConv2dProbe {
  static constexpr const char* kName = "conv2d 7x7 3-6";
  Finding run() const;
};

/// A layer of a ResNet on four pictures: 64 to 64 channels, 3x3, [56, 56].
struct Conv2dProbe {
  static constexpr const char* kName = "conv2d 3x3 64-64";
  Finding run() const;
};

/// JPEG pictures of 500 x 375 decoded and resized to 96 x 96, by one thread.
struct DecodeProbe {
  static constexpr const char* kName = "JPEG, 1 thread";
  Finding run() const;
};

/// The same by as many threads as there are processors.
struct DecodeOnAllProbe {
  static constexpr const char* kName = "JPEG, all threads";
  Finding run() const;
};

/// A file in the scratch folder, written until it is on the disk. It is gone afterwards.
struct DiskWriteProbe {
  static constexpr const char* kName = "scratch write";
  Finding run() const;
};

/// The same file read, after the system was asked to forget its copy in memory.
struct DiskReadProbe {
  static constexpr const char* kName = "scratch read";
  Finding run() const;
};

}  // namespace smtrain::app
