// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/reference.h"

#include "smtrain/apps/config/schema.h"
#include "smtrain/tests/apps/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace smtrain::app {
namespace {

using testing::HasSubstr;

TEST(Reference, TheCommittedPageIsTheGeneratedOne) {
  const std::filesystem::path page =
      std::filesystem::path(SMTRAIN_SOURCE_DIR) / "docs/configuration.md";
  const bool is_current = test::text_of(page) == recipe_reference();
  EXPECT_TRUE(is_current)
      << "the table of keys has changed; in the repository's root run\n"
         "  build/release/apps/smtrain config reference > docs/configuration.md";
}

TEST(Reference, TellsEveryKey) {
  const std::string page = recipe_reference();
  for (const std::string& key : key_names()) {
    const std::string name = key.substr(key.rfind('.') + 1);
    EXPECT_TRUE(page.find("`" + key + "`") != page.npos || page.find("## " + key) != page.npos ||
                name == "name")
        << key;
  }
  EXPECT_THAT(page,
              HasSubstr("| `train.optimizer.lr` | `0.001` | Learning rate. A number, at least "
                        "0 and at most 1e+38. Also called `learning_rate`. |\n"));
  EXPECT_THAT(page, HasSubstr("| `output.dir` | `\"${SM_OUTPUT_DATA_DIR:-}\"` |"));
  EXPECT_THAT(page, HasSubstr("`name: sgd` (default): "));
  EXPECT_THAT(page, HasSubstr("`name: net`: "));
  EXPECT_THAT(page, HasSubstr("\n## Variables\n"));
}

}  // namespace
}  // namespace smtrain::app
