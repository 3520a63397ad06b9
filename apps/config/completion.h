// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace smtrain::app {

inline constexpr std::array kShells = {"bash", "zsh", "fish"};

/// A script that completes smtrain's commands, options, and the recipe's keys after --set and
/// `config explain`, made from the same tables that read them. `shell` is one of kShells; throws
/// std::invalid_argument for another.
std::string completion_script(std::string_view shell);

}  // namespace smtrain::app
