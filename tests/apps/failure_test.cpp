// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/failure.h"

#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace smtrain::app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const RunRecord kRecord{.recipe = "cats.yaml",
                        .places = {{"/data", "cats.yaml:3:10"}, {"/data/train", "cats.yaml:4:3"}},
                        .checkpoint = "/opt/ml/checkpoints/last.ckpt",
                        .host = "algo-1"};

TEST(FailureText, TellsCauseRecipeDataCheckpointAndCommand) {
  EXPECT_EQ(failure_text("/data/train/tabby/a.jpg: is no picture", 1, kRecord,
                         {"smtrain", "train", "--config", "my cats.yaml", "--seed", "it's"}),
            "/data/train/tabby/a.jpg: is no picture\n"
            "recipe: cats.yaml:4:3\n"
            "data: /data/train/tabby/a.jpg\n"
            "checkpoint: /opt/ml/checkpoints/last.ckpt\n"
            "rerun: smtrain train --config 'my cats.yaml' --seed 'it'\\''s'\n"
            "exit code 1, host algo-1, smtrain " SMTRAIN_VERSION "\n");
}

TEST(FailureText, NamesTheLineThatTheCauseBeginsWith) {
  const std::string text =
      failure_text("cats.yaml:14:3: unknown key 'lrr'", 2, kRecord, {"smtrain"});
  EXPECT_THAT(text, StartsWith("cats.yaml:14:3: unknown key 'lrr'\nrecipe: cats.yaml:14:3\n"));
  EXPECT_THAT(text, Not(HasSubstr("data:")));
}

TEST(FailureText, FitsWhateverItSays) {
  const std::string letters(5000, 'x');
  std::string umlauts;
  for (int i = 0; i < 3000; ++i) umlauts += "\xC3\xA4";
  RunRecord record = kRecord;
  record.recipe = record.checkpoint = record.host = umlauts;
  record.places = {{umlauts, umlauts}};
  for (const std::string& cause : {letters, umlauts, "a" + umlauts, std::string()}) {
    const std::string text = failure_text(cause, 1, record, {"smtrain", umlauts, letters});
    EXPECT_LE(text.size(), kMaxFailureBytes);
    EXPECT_THAT(text, EndsWith("smtrain " SMTRAIN_VERSION "\n"));
    for (size_t i = 0; i < text.size(); ++i) {  // "ä" is never cut in two
      if (text[i] == '\xC3') {
        EXPECT_EQ(text[i + 1], '\xA4') << i;
      }
    }
  }
}

TEST(FailureText, IsUtf8InOneLineForTheCause) {
  const std::string text = failure_text("a\nb\tc\xFF\xC3", 1, {}, {"smtrain"});
  EXPECT_THAT(text, StartsWith("a\\nb\\tc??\n"));
}

TEST(FailureText, HidesSecrets) {
  const std::string text = failure_text(
      "cause", 1, {}, {"smtrain", "--api-key", "hidden", "--set", "password=hidden", "--lr", "1"});
  EXPECT_THAT(text,
              HasSubstr("rerun: smtrain --api-key '******' --set 'password=******' --lr 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("hidden")));
}

TEST(OutcomeFiles, TheFirstFailureOfARunStays) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "output");
  write_file_atomically(directory / "output/failure", std::string_view("of the last run"));
  OutcomeFiles outcome(directory.path());
  EXPECT_FALSE(std::filesystem::exists(directory / "output/failure"));
  outcome.failed("first");
  outcome.failed("second");
  EXPECT_EQ(test::text_of(directory / "output/failure"), "first");
  EXPECT_FALSE(std::filesystem::exists(directory / "output/success"));
}

TEST(OutcomeFiles, ASuccessLeavesNoFailure) {
  const test::TemporaryDirectory directory;
  OutcomeFiles outcome(directory.path());
  outcome.succeeded();
  EXPECT_THAT(test::files_below(directory / "output"),
              testing::ElementsAre(testing::Pair("success", testing::_)));
}

TEST(OutcomeFiles, WithoutAContainerThereAreNone) {
  OutcomeFiles outcome("");
  EXPECT_EQ(outcome.failed("text"), "");
  outcome.succeeded();
  EXPECT_FALSE(std::filesystem::exists("output"));
}

TEST(OutcomeFiles, AnUnwritableFolderIsToldAndPassedOver) {
  OutcomeFiles outcome("/proc/self");
  EXPECT_EQ(outcome.failed("text"),
            "/proc/self/output/failure: can't be written: No such file or directory");
  outcome.succeeded();
}

TEST(OutcomeFilesDeathTest, AFaultLeavesOneLine) {
  const test::TemporaryDirectory directory;
  EXPECT_EXIT(
      {
        const OutcomeFiles outcome(directory.path());
        outcome.watch_faults();
        raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV), "smtrain crashed");
  EXPECT_EQ(test::text_of(directory / "output/failure"),
            "smtrain crashed by signal 11; this is a mistake in smtrain\n");
}

}  // namespace
}  // namespace smtrain::app
