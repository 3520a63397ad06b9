// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/variables.h"

#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

namespace smtrain::app {
namespace {

using testing::ThrowsMessage;

TEST(Variables, AreReplaced) {
  Variables variables;
  variables.set("A", "one");
  variables.set("EMPTY", "");
  EXPECT_EQ(variables.expand("x${A}y${A}"),
            "xoney"
            "one");
  EXPECT_EQ(variables.expand("${EMPTY}"), "");
  EXPECT_EQ(variables.expand("${EMPTY:-b}"), "b");
  EXPECT_EQ(variables.expand("${A:-b}"), "one");
  EXPECT_EQ(variables.expand("${SMTRAIN_TEST_UNSET:-${A}/${SMTRAIN_TEST_UNSET:-c}}"), "one/c");
  EXPECT_EQ(variables.expand("$A $$ $ $${A} }"), "$A $$ $ ${A} }");
}

TEST(Variables, AreNotExpandedTwice) {
  Variables variables;
  variables.set("A", "${A}");
  EXPECT_EQ(variables.expand("${A}"), "${A}");
}

TEST(Variables, FoldersThatAreMissingCanStayAsTheyAreWritten) {
  const test::TemporaryDirectory directory;
  Variables variables;
  variables.set("SAGEMAKER_BASE_DIR", directory.path().string());
  variables.keep_missing_folders();
  EXPECT_EQ(variables.expand("${split:train}"), "${split:train}");
  EXPECT_EQ(variables.expand("${split:validation:-none}"), "none");
  EXPECT_EQ(variables.expand("${channel:training}/a"), "${channel:training}/a");
  EXPECT_THROW(variables.expand("${SMTRAIN_TEST_UNSET}"), std::invalid_argument);
  std::filesystem::create_directories(directory / "input/data/training/a");
  EXPECT_EQ(variables.expand("${split:train}"), directory / "input/data/training");
}

TEST(Variables, ChannelsAreFolders) {
  const test::TemporaryDirectory directory;
  Variables variables;
  variables.set("SAGEMAKER_BASE_DIR", directory.path().string());
  const std::string folder = (directory.path() / "input/data/training").string();
  EXPECT_THAT([&] { variables.expand("${channel:training}"); },
              ThrowsMessage<std::invalid_argument>(
                  "channel 'training' has no folder: " + folder +
                  " is not there; set SM_CHANNEL_TRAINING or give --data-dir DIR"));
  EXPECT_EQ(variables.expand("${channel:training:-other}"), "other");
  std::filesystem::create_directories(folder);
  EXPECT_THAT([&] { variables.expand("${channel:training}"); },
              ThrowsMessage<std::invalid_argument>(folder + ": the channel is empty; there are: "
                                                            "training"));
  std::filesystem::create_directories(folder + "/a");
  EXPECT_EQ(variables.expand("${channel:training}"), folder);
  EXPECT_EQ(variables.expand("${channel:training:-other}"), folder);
  const std::string declared = (directory.path() / "input/data/declared").string();
  variables.set("SM_CHANNEL_DECLARED", declared);
  EXPECT_THAT([&] { variables.expand("${channel:declared}"); },
              ThrowsMessage<std::invalid_argument>(
                  declared + ": the channel's folder is not there; there are: training"));
  variables.set("SM_CHANNEL_TRAINING", "/set");
  EXPECT_EQ(variables.expand("${channel:training:-other}"), "/set");
}

TEST(Variables, NameWhatIsWrong) {
  const Variables variables;
  const auto expanding = [&](std::string text) {
    return [=, &variables] { variables.expand(text); };
  };
  EXPECT_THAT(
      expanding("${SMTRAIN_TEST_UNSET}"),
      ThrowsMessage<std::invalid_argument>("environment variable 'SMTRAIN_TEST_UNSET' is not set; "
                                           "${SMTRAIN_TEST_UNSET:-value} gives a default"));
  EXPECT_THAT(expanding("a${B"), ThrowsMessage<std::invalid_argument>("'${' has no '}'"));
  EXPECT_THAT(expanding("${}"), ThrowsMessage<std::invalid_argument>(
                                    "'' in ${...} is not the name of an environment variable"));
  EXPECT_THAT(
      expanding("${channel:a/b}"),
      ThrowsMessage<std::invalid_argument>("'a/b' in ${channel:a/b} is not the name of a channel"));
  std::string deep = "x";
  for (int i = 0; i < 10; ++i) deep = "${SMTRAIN_TEST_UNSET:-" + deep + "}";
  EXPECT_THAT(expanding(deep),
              ThrowsMessage<std::invalid_argument>("'${' nested deeper than 8 levels"));
}

}  // namespace
}  // namespace smtrain::app
