// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/completion.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

bool has_shell(const std::string& shell) {
  return std::system(("command -v " + shell + " > /dev/null").c_str()) == 0;
}

class BashCompletion : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_shell("bash")) GTEST_SKIP() << "bash is not installed";
  }

  /// What bash offers for the last of these words.
  std::vector<std::string> offered(const std::string& words) {
    write_file_atomically(directory_ / "complete.bash", completion_script("bash"));
    const std::string script = "source '" + directory_ / "complete.bash" +
                               "'\ncomplete -p smtrain > /dev/null || exit 3\nCOMP_WORDS=(" +
                               words +
                               ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_smtrain\n"
                               "printf '%s\\n' \"${COMPREPLY[@]}\" > '" +
                               directory_ / "offered'\n";
    write_file_atomically(directory_ / "test.bash", script);
    EXPECT_EQ(std::system(("bash '" + directory_ / "test.bash" + "'").c_str()), 0) << words;
    std::istringstream lines(test::text_of(directory_ / "offered"));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) all.push_back(line);
    }
    return all;
  }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(BashCompletion, OffersCommands) {
  EXPECT_THAT(offered("smtrain ev"), ElementsAre("evaluate"));
  EXPECT_THAT(offered("smtrain ''"), IsSupersetOf({"train", "config", "completion", "--help"}));
  EXPECT_THAT(offered("smtrain config re"), ElementsAre("reference"));
  EXPECT_THAT(offered("smtrain data synth ''"), testing::Contains("digits"));
  EXPECT_THAT(offered("smtrain completion f"), ElementsAre("fish"));
}

TEST_F(BashCompletion, OffersOptions) {
  EXPECT_THAT(offered("smtrain train --ep"), ElementsAre("--epochs"));
  EXPECT_THAT(offered("smtrain --config cats.yaml --ep"), ElementsAre("--epochs"));
  EXPECT_THAT(offered("smtrain config check --config cats.yaml --str"), ElementsAre("--strict"));
  EXPECT_THAT(offered("smtrain predict --ep"), IsEmpty());
}

TEST_F(BashCompletion, OffersKeys) {
  EXPECT_THAT(offered("smtrain train --set train.ep"), ElementsAre("train.epochs="));
  EXPECT_THAT(offered("smtrain --set = train.optimizer.mom"),
              ElementsAre("train.optimizer.momentum="));
  EXPECT_THAT(offered("smtrain config explain train.sched"),
              IsSupersetOf({"train.schedule", "train.schedule.milestones"}));
}

TEST_F(BashCompletion, LeavesFilesToBash) {
  EXPECT_THAT(offered("smtrain train --config c"), IsEmpty());
  EXPECT_THAT(offered("smtrain inspect mod"), IsEmpty());
}

/// The shell's own check of the script's syntax.
class CompletionSyntax : public testing::TestWithParam<const char*> {};

TEST_P(CompletionSyntax, IsUnderstood) {
  const std::string shell = GetParam();
  if (!has_shell(shell)) GTEST_SKIP() << shell << " is not installed";
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "script", completion_script(shell));
  EXPECT_EQ(std::system((shell + " -n '" + directory / "script" + "'").c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionSyntax, testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

TEST(Completion, FishKnowsCommandsOptionsAndKeys) {
  const std::string script = completion_script("fish");
  for (const char* line :
       {"complete -c smtrain -f -n '__fish_use_subcommand' -a evaluate -d ",
        "complete -c smtrain -n '__fish_seen_subcommand_from train' -l epochs -r -d ",
        "complete -c smtrain -n '__fish_seen_subcommand_from check' -l strict -d ",
        "complete -c smtrain -f -n 'test (commandline -poc)[-1] = --set' -a 'recipe= model= "}) {
    EXPECT_THAT(script, testing::HasSubstr(line));
  }
}

TEST(Completion, RefusesAnotherShell) {
  try {
    completion_script("tcsh");
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "completion: expected bash, zsh or fish, got 'tcsh'");
  }
}

}  // namespace
}  // namespace smtrain::app
