// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace smtrain::app {

/// A recipe, as YAML, that learns from what lies in a folder:
///
///   train/CLASS/... and perhaps validation/, val/, valid/, test/ or eval/, or CLASS/... itself:
///   pictures; data of MNIST's or CIFAR's file names; one .npz archive, which may also be named
///   itself
///
/// Throws BadInput that lists what was looked for when there is none of it.
std::string default_recipe(const std::filesystem::path& folder);

}  // namespace smtrain::app
