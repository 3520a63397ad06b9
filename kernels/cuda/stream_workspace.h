// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/stream.h"

#include <cstddef>

namespace smtrain::cuda {

/// What matrix products may use of scratch memory.
inline constexpr size_t kStreamWorkspaceBytes = size_t{32} << 20;

/// The stream's scratch memory of kStreamWorkspaceBytes: its own, because work on two streams may
/// overlap. Found at the first call and kept, since captured graphs hold its address. Throws where
/// memory is out, and where the first call comes while the stream is captured.
void* stream_workspace(Stream stream);

/// For a stream without work that is about to end: the next new stream gets its scratch memory.
void release_stream_workspace(Stream stream);

}  // namespace smtrain::cuda
