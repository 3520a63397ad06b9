// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace smtrain {

/// An in-order queue of work on a device. On the CPU work is done before the call returns and the
/// handle is null.
struct Stream {
  void* handle = nullptr;
};

}  // namespace smtrain
