// SPDX-License-Identifier: Apache-2.0

// The same job leaves the same model file, byte by byte, however its data are loaded.

#include "smtrain/data/synth_digits.h"
#include "smtrain/data/synth_folders.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace smtrain::test {
namespace {

using Settings = std::map<std::string, std::string>;

/// The recipes of the repository, on data made small.
class Reproducible : public testing::TestWithParam<std::string> {
 protected:
  Reproducible() {
    if (GetParam() == "cats") {
      // 27 pictures: the last batch of an epoch has 3.
      data::write_synth_folders(directory_.path(), {.train = 9, .validation = 3, .side = 48});
      settings_ = {{"log.interval", "2"},
                   {"data.transform",
                    "[{resize: [40, 40]}, random_horizontal_flip, {random_crop: {size: 36, "
                    "padding: 2}}, to_tensor]"}};
    } else {
      data::write_synth_digits(directory_.path(), {.train = 200, .test = 50});
      settings_ = {{"log.interval", "1"}, {"train.batch_size", "64"}};
    }
    settings_["train.epochs"] = "2";
    settings_["data.cache"] = "none";
    settings_["data.cache_dir"] = directory_ / "cache";
    settings_["data.threads"] = "1";
  }

  struct Result {
    std::string safetensors, pytorch;  // SHA-256
    std::string log;

    bool operator==(const Result&) const = default;
  };

  Result run(const Settings& changes = {}) {
    Settings settings = settings_;
    for (const auto& [key, value] : changes) settings[key] = value;
    const std::string output = directory_ / ("out" + std::to_string(runs_++));
    const Output printed = run_training(SMTRAIN_SOURCE_DIR "/configs/" + GetParam() + ".yaml",
                                        directory_.path(), output, settings);
    EXPECT_EQ(printed.err, "");
    const auto files = files_below(output);
    std::filesystem::remove_all(output);
    return {files.at("model.safetensors"), files.at("model.pth"), printed.out};
  }

  void expect_the_same(const std::vector<Settings>& changes) {
    const Result expected = run();
    for (const Settings& change : changes) {
      const Result result = run(change);
      const std::string name = change.begin()->first + "=" + change.begin()->second;
      EXPECT_EQ(result.log, expected.log) << name;
      EXPECT_EQ(result.pytorch, expected.pytorch) << name;
      EXPECT_EQ(result.safetensors, expected.safetensors) << name;
    }
  }

  const TemporaryDirectory directory_;
  Settings settings_;
  int runs_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Configs, Reproducible, testing::Values("cats", "mnist"),
                         [](const auto& info) { return info.param; });

TEST_P(Reproducible, RunTwiceIntoDifferentFolders) { expect_the_same({{{"train.epochs", "2"}}}); }

TEST_P(Reproducible, WithAnyNumberOfLoaderThreads) {
  expect_the_same({{{"data.threads", "0"}}, {{"data.threads", "2"}}, {{"data.threads", "4"}}});
}

TEST_P(Reproducible, WithEveryCache) {
  expect_the_same({{{"data.cache", "ram"}, {"data.threads", "2"}},
                   {{"data.cache", "disk"}},    // written
                   {{"data.cache", "disk"}}});  // and used again
}

TEST_P(Reproducible, CapturedOrNot) { expect_the_same({{{"train.capture", "false"}}}); }

TEST_P(Reproducible, EvaluationTriedFirstOrNot) {
  expect_the_same({{{"train.check_evaluation", "false"}},
                   {{"train.check_evaluation", "false"}, {"train.capture", "false"}}});
}

TEST_P(Reproducible, AnotherSeedIsAnotherModel) {
  EXPECT_NE(run({{"train.seed", "2"}}), run({{"train.seed", "1"}}));
}

}  // namespace
}  // namespace smtrain::test
