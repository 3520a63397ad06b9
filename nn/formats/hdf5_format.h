// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

/// Numbers that reader and writer of HDF5 share; the names are those of its specification,
/// https://docs.hdfgroup.org/hdf5/v1_10/_f_m_t3.html.
namespace smtrain::nn::hdf5 {

inline constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
inline constexpr std::string_view kBTree = "TREE", kSymbolNode = "SNOD", kLocalHeap = "HEAP",
                                  kGlobalHeap = "GCOL";
inline constexpr uint64_t kUndefinedAddress = ~uint64_t{0};

/// What a message of an object header is about.
enum class MessageType : uint16_t {
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  fill_value = 0x05,
  link = 0x06,
  external_files = 0x07,
  layout = 0x08,
  filters = 0x0b,
  attribute = 0x0c,
  continuation = 0x10,
  symbol_table = 0x11,
  attribute_info = 0x15,
};

/// Classes of datatypes.
inline constexpr uint8_t kInteger = 0, kFloat = 1, kText = 3, kVariableLength = 9;

/// Where the data of a dataset are.
inline constexpr uint8_t kCompact = 0, kContiguous = 1;

}  // namespace smtrain::nn::hdf5
