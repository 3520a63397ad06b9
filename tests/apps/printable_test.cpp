// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/printable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

TEST(Printable, IsOneLine) {
  EXPECT_EQ(printable("a\nb\tc\rd\x1b[31m\x7f"), "a\\nb\\tc\\x0dd\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, KeepsWellFormedUtf8) {
  for (const char* text : {"\xC3\xA4", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBD",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ReplacesWhatIsNone) {
  EXPECT_EQ(printable("\xFF"), "?");
  EXPECT_EQ(printable("\xC3"), "?");                 // cut off
  EXPECT_EQ(printable("\xC0\xAF"), "??");            // longer than needed
  EXPECT_EQ(printable("\xED\xA0\x80"), "???");       // half of a pair
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "????");  // beyond the last
  EXPECT_EQ(printable("\xE2\x82x"), "??x");
}

TEST(Printable, TellsTheFirstByteOfACharacter) {
  for (const char first : {'a', '\xC3', '\xE2', '\xF0'}) EXPECT_FALSE(continues_character(first));
  for (const char rest : {'\x80', '\xA4', '\xBF'}) EXPECT_TRUE(continues_character(rest));
}

TEST(Warnings, AreALineEach) {
  std::ostringstream err;
  print_warnings({"one\nline", "two"}, err);
  EXPECT_EQ(err.str(), "smtrain: warning: one\\nline\nsmtrain: warning: two\n");
}

TEST(Warnings, AreMistakesWhereTheyAreRefused) {
  EXPECT_NO_THROW(refuse_if_strict(true, {}));
  EXPECT_NO_THROW(refuse_if_strict(false, {"one"}));
  EXPECT_THAT(
      [] {
        refuse_if_strict(true, {"one", "two"});
      },
      testing::ThrowsMessage<std::invalid_argument>("one (refused by --strict)"));
}

}  // namespace
}  // namespace smtrain::app
