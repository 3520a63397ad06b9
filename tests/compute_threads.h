// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace smtrain::test {

/// Compute threads for a test that wants more than one. ThreadSanitizer does not see how the
/// threads of OpenMP wait for each other.
#ifdef __SANITIZE_THREAD__
inline constexpr int kSeveralThreads = 1;
#else
inline constexpr int kSeveralThreads = 2;
#endif

}  // namespace smtrain::test
