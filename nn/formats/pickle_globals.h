// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/pickle_value.h"

#include <string>
#include <string_view>

/// What the few classes and functions that a pickle from PyTorch may name mean here. Nothing is
/// ever imported or called; a name outside the list is an error.
namespace smtrain::nn {

/// A global by its dotted name. Throws BadInput, opening with `where`, when it is not on
/// the list.
PickleGlobal allowed_global(std::string_view name, const std::string& where);

/// What calling `global` with `arguments` stands for: an empty dict for collections.OrderedDict, a
/// tensor for torch._utils._rebuild_tensor_v2 and _rebuild_parameter, plain values otherwise.
/// Throws BadInput, opening with `where`, for arguments that do not fit, among them
/// tensors that reach outside their storage.
PickleValue reduce_global(const PickleGlobal& global, const PickleTuple& arguments,
                          const std::string& where);

/// The storage that a persistent id names: ('storage', type, key, location, numel), in files of the
/// legacy container with a view (key, first, numel) or None after it. The location is ignored.
PickleValue storage_of_persistent_id(const PickleValue& id, const std::string& where);

/// The storage type that holds the engine's dtype.
const StorageType& storage_type_of(DType dtype);

}  // namespace smtrain::nn
