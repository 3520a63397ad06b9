// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

#include <array>
#include <string_view>
#include <utility>

namespace smtrain::nn {

/// The engine's dtypes by the names that safetensors files use.
inline constexpr std::array<std::pair<DType, std::string_view>, 8> kSafetensorsDTypes = {{
    {DType::f32, "F32"},
    {DType::f64, "F64"},
    {DType::bf16, "BF16"},
    {DType::f16, "F16"},
    {DType::i64, "I64"},
    {DType::i32, "I32"},
    {DType::u8, "U8"},
    {DType::boolean, "BOOL"},
}};

}  // namespace smtrain::nn
