// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace smtrain::app {

/// What ${...} in a recipe stands for: the process' environment, under what set() has put over it.
///
///   ${NAME}            the variable; an error when it is not set
///   ${NAME:-default}   the default where the variable is not set or empty
///   ${channel:x}       the folder of input channel x: SM_CHANNEL_X, else /opt/ml/input/data/x;
///                      training may also be called train, validation also val, valid or eval,
///                      test also testing
///   ${split:train}     the training data: channel training, in it the folder train/ if it has one
///   ${split:validation}  channel validation, else test, else of channel training the folder
///                      validation/, val/, valid/, eval/, test/ or testing/; without a default
///                      validation/ even if it is not there, so that it is named as missing
///   ${channel:x:-dir}  as above, but `dir` where there is none
///   $${                the two characters ${
///
/// A default may hold ${...} itself. SAGEMAKER_BASE_DIR takes the place of /opt/ml.
class Variables {
 public:
  void set(std::string name, std::string value) { over_[std::move(name)] = std::move(value); }

  /// As set(), but only where nothing was set before.
  void set_default(const std::string& name, const std::string& value) {
    over_.try_emplace(name, value);
  }

  /// From now on a channel or split without a folder stays as it is written, "${split:train}": for
  /// what looks at a recipe and does not run it.
  void keep_missing_folders() { keep_missing_folders_ = true; }

  /// What was set.
  const std::map<std::string, std::string>& values() const { return over_; }

  std::optional<std::string> get(const std::string& name) const;

  /// /opt/ml, or where SAGEMAKER_BASE_DIR puts it.
  std::string base() const;

  /// "; there are: a, b", of the channels that have folders; nothing where none has.
  std::string channels_there() const;

  /// `text` with every ${...} replaced. Throws std::invalid_argument naming the variable that is
  /// not set, or what is wrong with the text.
  std::string expand(std::string_view text) const;

 private:
  std::string value_of(std::string_view reference, int depth) const;
  std::optional<std::string> channel(const std::string& name) const;
  std::optional<std::string> split(const std::string& name) const;
  std::string checked_channel(const std::string& folder) const;
  std::string expand(std::string_view text, int depth) const;

  std::map<std::string, std::string> over_;
  bool keep_missing_folders_ = false;
};

/// The folders that validation data may lie in, beside train/, the best first.
inline constexpr std::array kValidationNames = {"validation", "val",  "valid",
                                                "eval",       "test", "testing"};

/// The variable that holds the folder of an input channel: "SM_CHANNEL_TRAINING".
std::string channel_variable(const std::string& channel);

/// `text` written so that expand() gives it back.
std::string without_variables(std::string_view text);

}  // namespace smtrain::app
