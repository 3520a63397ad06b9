// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace smtrain::app {

/// What Python prints for the value that a JSON text holds, its keys in their order:
/// {'lr': '0.01', 'nested': [1, 2.5, None, True]}. `name` is what a message calls the text. Throws
/// std::invalid_argument for a text that is not JSON or nested deeper than 64 levels.
std::string python_repr(std::string_view name, std::string_view json);

/// The shortest decimal fraction that reads as `value` again. Python's, but for very large and
/// small numbers, which Python writes with an exponent; "nan", "inf" or "-inf".
std::string python_fixed_point(double value);

}  // namespace smtrain::app
