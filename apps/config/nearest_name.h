// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// "; did you mean 'learning_rate'?" for the candidate that is fewest typing errors away (a letter
/// more, less, other, or two exchanged; '-' and '_' are the same); empty when none is close.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace smtrain::app
