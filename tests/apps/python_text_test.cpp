// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/python_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

// Right: what python3 -c "import json; print(json.loads(TEXT))" prints.
TEST(PythonRepr, PrintsWhatPythonPrints) {
  struct Case {
    const char *json, *python;
  };
  for (const Case& c : {
           Case{"{}", "{}"},
           {"[]", "[]"},
           {R"({"z": 1, "a": {"c": [true, false, null]}, "b": []})",
            "{'z': 1, 'a': {'c': [True, False, None]}, 'b': []}"},
           {"[1.0, 0.1, -2.5e-7, 1e16, 123456789012345680.0, 1e15, 0.0001, 0.00001]",
            "[1.0, 0.1, -2.5e-07, 1e+16, 1.2345678901234568e+17, 1000000000000000.0, 0.0001, "
            "1e-05]"},
           {"[-7, 0, 18446744073709551615]", "[-7, 0, 18446744073709551615]"},
           {R"(["it's", "\"", "it's \"", "\\", "a\tb\nc\rd"])",
            R"(["it's", '"', 'it\'s "', '\\', 'a\tb\nc\rd'])"},
           {R"(["\u0001\u001f\u007f\u0085\u00a0\u00ad", "\uace0\uc591\uc774 \u00e9"])",
            R"(['\x01\x1f\x7f\x85\xa0\xad', '고양이 é'])"},
       }) {
    EXPECT_EQ(python_repr(parse_json(c.json, "test")), c.python);
  }
}

TEST(PythonText, IsTheTextItselfOfAStringAndNothingOfNull) {
  EXPECT_EQ(python_text("it's"), "it's");
  EXPECT_EQ(python_text(Json()), "");
  EXPECT_EQ(python_text(true), "True");
  EXPECT_EQ(python_text(Json::array({"it's", "a\"b"})), R"(["it's", 'a"b'])");
}

}  // namespace
}  // namespace smtrain::app
