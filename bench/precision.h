// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"

#include <string_view>

namespace smtrain::bench {

/// Throws std::invalid_argument for a name of none.
inline Precision precision_named(std::string_view name) {
  for (const Precision precision : {Precision::f32, Precision::tf32, Precision::bf16})
    if (name == name_of(precision)) return precision;
  mistake("expected the precision f32, tf32 or bf16, got ", name);
}

}  // namespace smtrain::bench
