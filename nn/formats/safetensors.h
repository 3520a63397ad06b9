// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

/// The safetensors format (https://github.com/huggingface/safetensors): a JSON header with names,
/// dtypes, shapes and byte ranges, then the bytes.
namespace smtrain::nn {

/// Tensors on the CPU in the header's order, and the file's "__metadata__". Throws
/// BadInput naming the file and the tensor when the header is not what the format says,
/// when the byte ranges leave holes, overlap or disagree with the shapes, and for dtypes that the
/// engine lacks. All of that is checked before the first tensor is allocated.
StateDict read_safetensors(const std::filesystem::path& path);

/// The same from memory; `name` is what messages call it.
StateDict read_safetensors(std::span<const uint8_t> bytes, const std::string& name);

/// Makes or replaces the file atomically. Tensors come by descending element size, then by name, as
/// the format's own library writes them; the metadata gains format = "pt", which other readers ask
/// for, unless it has a format. Throws std::invalid_argument for text that is not UTF-8.
void write_safetensors(const std::filesystem::path& path, const StateDict& state_dict);

}  // namespace smtrain::nn
