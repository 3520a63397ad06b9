// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace smtrain {

/// Which of several ways a device computes an operation. Texts are of one line, without tabs.
struct PlanChoice {
  const char* operation;  // with sizes, dtypes, layout and flags: all that the choice depends on
  const char* plan;       // the way, as the device names it
  float milliseconds;     // that it took when all ways were timed; 0: not timed
};

/// The choices of one process, each made when a plan is first asked for: what it was told, else the
/// fastest where ways are timed, else what the device's library expects to be the fastest.
struct PlanTable {
  /// What the choices hold for: "NVIDIA H200, cuDNN 9.19.0".
  const char* (*valid_for)();
  /// Whether ways are timed from now on; at first they are not.
  void (*set_timing)(bool);
  /// Tells a choice. One that was made stays; a plan that the device does not know, or that is not
  /// exact enough, is not taken.
  void (*tell)(const PlanChoice&);
  /// Calls `seen` for each choice that was made or taken.
  void (*visit)(void (*seen)(const PlanChoice&, void* context), void* context);
};

}  // namespace smtrain
