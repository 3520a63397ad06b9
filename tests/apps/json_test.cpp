// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/json.h"

#include "smtrain/apps/python_text.h"
#include "smtrain/apps/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

std::string nested(size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(Json, KeepsTheOrderOfItsFileAndTheLastOfWhatIsGivenTwice) {
  std::vector<std::string> warnings;
  EXPECT_EQ(parse_json(R"({"b": 1, "a": 2, "b": 3})", "f.json", &warnings).dump(),
            R"({"b":3,"a":2})");
  EXPECT_THAT(warnings, testing::ElementsAre("f.json: 'b' is given twice; the last one counts"));
}

TEST(Json, SaysWhereATextIsNone) {
  const auto parsing = [](const std::string& text) {
    return [text] { parse_json(text, "f.json"); };
  };
  const auto refused = [](const char* message) {
    return testing::ThrowsMessage<std::invalid_argument>(message);
  };
  EXPECT_THAT(parsing(""), refused("f.json:1:1: this is not JSON"));
  EXPECT_THAT(parsing("{\"a\": 1,\n \"b\": NaN}"), refused("f.json:2:7: this is not JSON"));
  EXPECT_THAT(parsing("1 2"), refused("f.json:1:3: this is not JSON"));
  EXPECT_THAT(parsing("1e999"), refused("f.json: a number is too large"));
  EXPECT_EQ(parse_json(nested(65), "f.json").dump(), nested(65));
  EXPECT_THAT(parsing(nested(66)), refused("f.json: nested deeper than 64 levels"));
  EXPECT_THAT(parsing(nested(1'000'000)), refused("f.json: nested deeper than 64 levels"));
}

TEST(Json, IsWrittenAsTheToolkitDoes) {
  const Json value = json_or_text(R"({"b": [1, 2.5, true, null], "a": {"z": "é", "y": 1e-05}})");
  EXPECT_EQ(compact_json(value), R"({"a":{"y":1e-05,"z":"é"},"b":[1,2.5,true,null]})");
  EXPECT_EQ(python_text(value), "{'b': [1, 2.5, True, None], 'a': {'z': 'é', 'y': 1e-05}}");
}

TEST(Json, HoldsWhatIsNoUtf8Replaced) {
  EXPECT_EQ(as_utf8("고양이"), "고양이");
  EXPECT_EQ(as_utf8("caf\xe9"), "caf\xef\xbf\xbd");
}

TEST(MaskedJson, HidesTheValuesOfSecretsAtAnyDepth) {
  EXPECT_EQ(masked_json(R"({"lr": 1, "a": {"api_key": "x"}, "token": [1]})"),
            R"({"lr":1,"a":{"api_key":"******"},"token":"******"})");
  EXPECT_EQ(masked_json(R"(["--secret", "x", "a=1,password=2"])"),
            R"(["--secret","******","a=1,password=******"])");
  EXPECT_EQ(masked_json(R"({ "lr": 1 })"), R"({ "lr": 1 })");
  EXPECT_EQ(masked_json("no JSON"), "no JSON");
  EXPECT_EQ(masked_json(nested(1'000'000)), nested(1'000'000));  // too deep to be looked into
}

}  // namespace
}  // namespace smtrain::app
