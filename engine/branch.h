// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/context.h"
#include "smtrain/engine/device.h"

namespace smtrain {

/// Work that may run beside what is asked of a device meanwhile: a gradient that only the optimizer
/// waits for. Devices without a second queue run it in its turn.
///
///   Branch branch(device);
///   branch.run([&] { call(device, ...); });  // after all that was asked before
///   call(device, ...);                       // beside it
///                                            // where `branch` ends: after both
///
/// What the branch reads and writes is kept until then: memory given back earlier would serve
/// somebody else.
class Branch {
 public:
  /// Without `is_worthwhile` all runs in its turn.
  explicit Branch(Device device, bool is_worthwhile = true);
  ~Branch();
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;

  template <typename Function>
  void run(const Function& function) {
    const OnSideStream scope(is_open_);
    function();
  }

 private:
  class OnSideStream {
   public:
    explicit OnSideStream(bool is_open) : is_open_(is_open) {
      if (is_open_) Context::current().use_side_stream(true);
    }
    ~OnSideStream() {
      if (is_open_) Context::current().use_side_stream(false);
    }
    OnSideStream(const OnSideStream&) = delete;
    OnSideStream& operator=(const OnSideStream&) = delete;

   private:
    bool is_open_;
  };

  Device device_;
  bool is_open_;
};

}  // namespace smtrain
