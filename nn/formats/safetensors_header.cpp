// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/safetensors_header.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/safetensors_dtype.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <set>

namespace smtrain::nn {
namespace {

constexpr std::string_view kMetadata = "__metadata__";

DType dtype_named(std::string_view dtype, const std::string& where) {
  const auto known = std::find_if(kSafetensorsDTypes.begin(), kSafetensorsDTypes.end(),
                                  [&](const auto& entry) { return entry.second == dtype; });
  if (known == kSafetensorsDTypes.end()) {
    bad_input(where, " has dtype ", dtype,
              ", expected one of F32, F64, BF16, F16, I64, I32, U8 and BOOL");
  }
  return known->first;
}

/// Receives the JSON text as events. The only nesting there is: the header, an object; in it an
/// object for the metadata and for each tensor; in a tensor two arrays of integers.
class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderEvents(const std::string& name) : name_(name) {}

  SafetensorsHeader result() && { return std::move(header_); }

  bool start_object(size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::header;
    } else if (place_ == Place::header && member_ == kMetadata) {
      place_ = Place::metadata;
    } else if (place_ == Place::header) {
      place_ = Place::tensor;
      entry_ = {.name = member_};
      fields_.clear();
      offsets_.clear();
    } else {
      refuse("an object");
    }
    return true;
  }

  bool key(string_t& key) override {
    const bool is_new = place_ == Place::header     ? names_.insert(key).second
                        : place_ == Place::metadata ? !header_.metadata.contains(key)
                                                    : fields_.insert(key).second;
    if (!is_new) bad_input(name_, ": ", where(), " has '", key, "' twice");
    if (place_ == Place::tensor && key != "dtype" && key != "shape" && key != "data_offsets") {
      bad_input(name_, ": ", where(), " has an unknown member '", key, "'");
    }
    (place_ == Place::header ? member_ : field_) = key;
    return true;
  }

  bool string(string_t& text) override {
    if (place_ == Place::metadata) {
      header_.metadata.emplace(field_, std::move(text));
    } else if (place_ == Place::tensor && field_ == "dtype") {
      entry_.dtype = dtype_named(text, name_ + ": " + where());
    } else {
      refuse("text");
    }
    return true;
  }

  bool start_array(size_t) override {
    if (place_ != Place::tensor || field_ == "dtype") refuse("an array");
    place_ = field_ == "shape" ? Place::shape : Place::offsets;
    return true;
  }

  bool number_unsigned(number_unsigned_t number) override {
    if (place_ == Place::offsets) {
      if (offsets_.size() == 2) bad_input(name_, ": ", where(), " has more than 2 data_offsets");
      offsets_.push_back(number);
    } else if (place_ == Place::shape) {
      if (entry_.shape.ndim() == kMaxDims) {
        bad_input(name_, ": ", where(), " has more than ", kMaxDims, " dimensions");
      }
      if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        bad_input(name_, ": ", where(), " has a dimension of size ", number);
      }
      entry_.shape.push_back(static_cast<int64_t>(number));
    } else {
      refuse("a number");
    }
    return true;
  }

  bool end_array() override {
    place_ = Place::tensor;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) finish_tensor();
    place_ = place_ == Place::header ? Place::outside : Place::header;
    return true;
  }

  bool null() override { refuse("null"); }
  bool boolean(bool) override { refuse("a boolean"); }
  bool number_integer(number_integer_t) override { refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { refuse("a fraction"); }
  bool binary(binary_t&) override { refuse("binary data"); }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    bad_input(name_, ": the header is not valid JSON at its byte ", position);
  }

 private:
  enum class Place { outside, header, metadata, tensor, shape, offsets };

  std::string where() const {
    if (place_ == Place::outside || place_ == Place::header) return "the header";
    return place_ == Place::metadata ? std::string(kMetadata) : "tensor '" + entry_.name + "'";
  }

  [[noreturn]] void refuse(std::string_view what) const {
    const std::string& member = place_ == Place::header ? member_ : field_;
    bad_input(name_, ": ", where(), ": '", member, "' can't be ", what);
  }

  void finish_tensor() {
    for (const char* field : {"dtype", "shape", "data_offsets"}) {
      if (!fields_.contains(field)) bad_input(name_, ": ", where(), " has no ", field);
    }
    if (offsets_.size() != 2) {
      bad_input(name_, ": ", where(), " has ", offsets_.size(), " data_offsets, expected 2");
    }
    entry_.begin = offsets_[0];
    entry_.end = offsets_[1];
    header_.entries.push_back(std::move(entry_));
  }

  const std::string& name_;
  SafetensorsHeader header_;
  Place place_ = Place::outside;
  std::set<std::string> names_;   // members of the header so far
  std::string member_;            // the one being read
  std::set<std::string> fields_;  // members of the tensor being read
  std::string field_;
  SafetensorsEntry entry_;
  std::vector<uint64_t> offsets_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& name) {
  if (!json.starts_with('{')) bad_input(name, ": the header does not begin with '{'");
  HeaderEvents events(name);
  nlohmann::json::sax_parse(json, &events);
  return std::move(events).result();
}

}  // namespace smtrain::nn
