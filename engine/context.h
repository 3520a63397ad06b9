// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"
#include "smtrain/engine/random.h"
#include "smtrain/engine/storage.h"
#include "smtrain/kernels/philox.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace smtrain {

class Allocator;
class Tape;

/// Which random numbers operations draw: PyTorch's stream (CPU only) or Philox, the same on every
/// device.
enum class RngKind : uint8_t { pytorch, philox };

/// What layers compute in. f32 is IEEE's. tf32 lets a GPU round the factors of f32's convolutions
/// and matrix products to TF32; the CPU computes it as f32. With bf16, convolutions and linear
/// layers read and write bf16 (compute_copy.h); parameters, their gradients, losses and the
/// statistics of batch norm stay f32.
enum class Precision : uint8_t { f32, tf32, bf16 };
const char* name_of(Precision precision);

/// What a Context is made of.
struct ContextOptions {
  Device device = {};  // where new tensors are made
  int threads = 0;     // compute threads; 0: as OpenMP has it, one per core
  uint64_t seed = 0;   // of the generator
  RngKind rng = RngKind::pytorch;
  Precision precision = Precision::f32;
  size_t memory_limit_bytes = 0;  // of the device's allocator; 0: all that the device gives
};

/// Everything that work depends on and that is not a tensor: device, stream, generator, allocators,
/// compute threads, precision. Operations use the calling thread's current context, which is the
/// thread's own default one unless a ContextGuard says otherwise. Two contexts share nothing, so
/// two trainers can live in one process.
class Context {
 public:
  explicit Context(ContextOptions options = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  static Context& current();

  Device device() const { return options_.device; }
  int threads() const { return options_.threads; }
  RngKind rng() const { return options_.rng; }
  Precision precision() const { return options_.precision; }
  bool allows_tf32() const { return options_.precision == Precision::tf32; }
  Generator& generator() { return generator_; }

  /// Restarts all random numbers: the generator's and, on every device, Philox's.
  void manual_seed(uint64_t seed);

  /// Whether operations on a device draw Philox: where the context says so, and on every device
  /// that can't use the host's generator.
  bool draws_philox(Device device) const;

  /// What Philox sequences are drawn by on a device, in its memory: made at the first use, from the
  /// generator's seed; every draw moves it on.
  PhiloxKey* philox_key(Device device);

  /// Everything that later draws depend on, of the generator and of the context's device;
  /// set_random_state() continues from there. Throws std::invalid_argument for other bytes.
  std::vector<uint8_t> random_state();
  void set_random_state(std::span<const uint8_t> state);

  /// The queue of this context's work on a device: one of its own on devices that have such.
  Stream stream(Device device);

  /// A second one, which branch.h puts work on: stream() gives it while that does.
  Stream side_stream(Device device);
  void use_side_stream(bool use) { uses_side_stream_ = use; }

  const std::shared_ptr<Allocator>& allocator(Device device);

  /// Memory that all captured steps of this context share, because only one of them runs at a time;
  /// at least size_bytes. Growing it moves it: whoever holds the old one keeps it alive.
  std::shared_ptr<Storage> arena(Device device, size_t size_bytes);

  /// The next captured step gets a new one.
  void drop_arena(Device device);

  /// Calls are appended to it while a captured step records; null otherwise.
  Tape* tape() const { return tape_; }
  void set_tape(Tape* tape) { tape_ = tape; }

 private:
  void restart(const Storage& philox_key);
  Stream stream_of(std::vector<Stream>& streams, Device device);

  ContextOptions options_;
  Generator generator_;
  std::vector<std::shared_ptr<Allocator>> allocators_;  // by device id
  std::vector<std::shared_ptr<Storage>> arenas_;        // by device id
  std::vector<std::shared_ptr<Storage>> philox_keys_;   // by device id
  std::vector<Stream> streams_, side_streams_;          // by device id
  bool uses_side_stream_ = false;
  Tape* tape_ = nullptr;
};

/// Makes a context the calling thread's current one for its lifetime.
class ContextGuard {
 public:
  explicit ContextGuard(Context& context);
  ~ContextGuard();
  ContextGuard(const ContextGuard&) = delete;
  ContextGuard& operator=(const ContextGuard&) = delete;

 private:
  Context* previous_;
  int previous_threads_;
};

}  // namespace smtrain
