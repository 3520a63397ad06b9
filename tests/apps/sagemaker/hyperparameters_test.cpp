// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/hyperparameters.h"

#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

auto is_parameter(const char* name, const char* text, const char* origin) {
  return testing::AllOf(testing::Field(&Hyperparameter::name, name),
                        testing::Field(&Hyperparameter::text, text),
                        testing::Field(&Hyperparameter::origin, origin));
}

std::vector<Hyperparameter> parse(const std::string& json) {
  std::vector<std::string> warnings;
  return parse_hyperparameters(json, "f", warnings);
}

std::string mistake_in(const std::string& json) {
  try {
    parse(json);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no mistake";
}

TEST(Hyperparameters, KeepTheTextOfEitherEncoding) {
  EXPECT_THAT(parse(R"({"backend": "\"gloo\"", "lr": "0.01", "l": [1, 2], "n": 30, "o": null})"),
              ElementsAre(is_parameter("backend", "\"gloo\"", "f: backend"),
                          is_parameter("lr", "0.01", "f: lr"), is_parameter("l", "[1,2]", "f: l"),
                          is_parameter("n", "30", "f: n"), is_parameter("o", "null", "f: o")));
}

TEST(Hyperparameters, AcceptAByteOrderMarkAndEscapes) {
  EXPECT_THAT(parse("\xEF\xBB\xBF{\"name\": \"\\u00e9\\ud83d\\ude00\"}"),
              ElementsAre(is_parameter("name", "\xC3\xA9\xF0\x9F\x98\x80", "f: name")));
}

TEST(Hyperparameters, OfAKeyThatIsGivenTwiceTheLastCounts) {
  std::vector<std::string> warnings;
  const auto values = parse_hyperparameters(R"({"lr": "1", "lr": "2"})", "f", warnings);
  EXPECT_THAT(values, ElementsAre(is_parameter("lr", "2", "f: lr")));
  EXPECT_THAT(warnings, ElementsAre("f: 'lr' is given twice; the last one counts"));
}

TEST(Hyperparameters, NameWhatIsWrongWithTheirFile) {
  EXPECT_EQ(mistake_in("{\"lr\": \"1\",\n \"epochs\" 3}"), "f:2:11: this is not JSON");
  EXPECT_EQ(mistake_in(""), "f:1:1: this is not JSON");
  EXPECT_EQ(mistake_in("{\"lr\": NaN}"), "f:1:8: this is not JSON");
  EXPECT_EQ(mistake_in("{\"lr\": 1e999}"), "f: a number is too large");
  EXPECT_EQ(parse("{\"lr\": \"1e999\"}").size(), 1);
  EXPECT_EQ(json_or_text("1e999"), Json("1e999"));
  EXPECT_EQ(mistake_in("[1]"), "f: expected an object of hyperparameters, got array");
  EXPECT_EQ(mistake_in(R"({"batch-size": "1", "batch_size": "2"})"),
            "f: 'batch-size' and 'batch_size' are the same hyperparameter");
  EXPECT_EQ(mistake_in("{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}"),
            "f: nested deeper than 64 levels");
}

TEST(Hyperparameters, OfVariablesAreNamedInSmallLetters) {
  EXPECT_THAT(hyperparameters_of({{"SM_HPS", "{}"}, {"SM_HP_BATCH-SIZE", "8"}, {"SM_HQ", "1"}}),
              ElementsAre(is_parameter("batch-size", "8", "SM_HP_BATCH-SIZE")));
}

TEST(Hyperparameters, ThatAgreeAfterDecodingKeepTheTextOfTheFile) {
  std::vector<Hyperparameter> values = parse(R"({"version": "1.10", "Name": "\"a\""})");
  std::vector<std::string> warnings;
  merge({{"version", "1.1", "SM_HP_VERSION"}, {"name", "a", "SM_HP_NAME"}}, values, warnings);
  EXPECT_THAT(values, ElementsAre(is_parameter("version", "1.10", "f: version"),
                                  is_parameter("Name", "\"a\"", "f: Name")));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Hyperparameters, ThatDisagreeAreReported) {
  std::vector<Hyperparameter> values = parse(R"({"batch-size": "4"})");
  std::vector<std::string> warnings;
  merge({{"batch_size", "8", "SM_HP_BATCH_SIZE"}}, values, warnings);
  EXPECT_THAT(values, ElementsAre(is_parameter("batch-size", "8", "SM_HP_BATCH_SIZE")));
  EXPECT_THAT(warnings, ElementsAre("hyperparameter 'batch-size' is 4 in f: batch-size and 8 in "
                                    "SM_HP_BATCH_SIZE, which counts"));
}

TEST(Hyperparameters, ThatAreUnsetLeaveTheNextSource) {
  std::vector<Hyperparameter> values = parse(R"({"lr": "null", "seed": "3"})");
  std::vector<std::string> warnings;
  merge({{"lr", "0.5", "SM_HP_LR"}, {"seed", "", "SM_HP_SEED"}}, values, warnings);
  EXPECT_THAT(values, ElementsAre(is_parameter("lr", "0.5", "SM_HP_LR"),
                                  is_parameter("seed", "3", "f: seed")));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Hyperparameters, OfThePlatformAreReserved) {
  for (const char* name : {"sagemaker_program", "sagemaker_mpi_enabled", "mp_parameters",
                           "default_user_module_name", "_tuning_objective_metric"}) {
    EXPECT_TRUE(is_reserved(name)) << name;
  }
  EXPECT_FALSE(is_reserved("lr"));
  EXPECT_FALSE(is_reserved("program"));
}

// The table of conversions of the container contract: one row for each text, one column for each
// type of key. "error" stands for a message, "unset" for a value that leaves the next source.
struct Conversion {
  const char* text;
  const char* whole;   // train.epochs
  const char* number;  // train.optimizer.weight_decay
  const char* string;  // distributed.backend
  const char* flag;    // train.optimizer.nesterov
};

void PrintTo(const Conversion& row, std::ostream* out) { *out << row.text; }

class Conversions : public testing::TestWithParam<Conversion> {
 protected:
  /// What the recipe holds under a key after a hyperparameter has set it.
  template <typename Get>
  static std::string set(const char* key, Get get) {
    if (is_unset(GetParam().text)) return "unset";
    try {
      const Recipe recipe =
          read_recipe("model: net\ndata: {train: d}\ntrain: {optimizer: {momentum: 0.9}}\n", "c",
                      {{key, GetParam().text, "hyperparameter"}});
      return get(recipe);
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), testing::AllOf(testing::StartsWith("hyperparameter:"),
                                               HasSubstr(": " + std::string(key) + ": ")));
      EXPECT_THAT(error.what(), HasSubstr("expected"));
      return "error";
    }
  }

  static const optim::SgdOptions& sgd(const Recipe& recipe) {
    return std::get<optim::SgdOptions>(recipe.train.optimizer);
  }
};

TEST_P(Conversions, AreThoseOfTheContract) {
  const Conversion& row = GetParam();
  EXPECT_EQ(set("train.epochs", [](const Recipe& r) { return std::to_string(r.train.epochs); }),
            row.whole);
  EXPECT_EQ(set("train.optimizer.weight_decay",
                [](const Recipe& r) { return Json(sgd(r).weight_decay).dump(); }),
            row.number);
  EXPECT_EQ(set("distributed.backend", [](const Recipe& r) { return r.distributed.backend; }),
            row.string);
  EXPECT_EQ(set("train.optimizer.nesterov",
                [](const Recipe& r) { return sgd(r).nesterov ? "true" : "false"; }),
            row.flag);
}

INSTANTIATE_TEST_SUITE_P(
    Contract, Conversions,
    testing::Values(Conversion{"256", "256", "256.0", "256", "error"},
                    Conversion{"\"256\"", "256", "256.0", "256", "error"},
                    Conversion{"1e-4", "error", "0.0001", "1e-4", "error"},
                    Conversion{"1E-04", "error", "0.0001", "1E-04", "error"},
                    Conversion{"256.0", "256", "256.0", "256.0", "error"},
                    Conversion{"\"gloo\"", "error", "error", "gloo", "error"},
                    Conversion{"gloo", "error", "error", "gloo", "error"},
                    Conversion{"true", "error", "error", "true", "true"},
                    Conversion{"True", "error", "error", "True", "true"},
                    Conversion{"1", "1", "1.0", "1", "true"},
                    Conversion{"\"True\"", "error", "error", "True", "true"},
                    Conversion{"false", "error", "error", "false", "false"},
                    Conversion{"False", "error", "error", "False", "false"},
                    Conversion{"0", "error", "0.0", "0", "false"},  // epochs are at least 1
                    Conversion{"null", "unset", "unset", "unset", "unset"},
                    Conversion{"", "unset", "unset", "unset", "unset"},
                    Conversion{"None", "unset", "unset", "unset", "unset"},
                    Conversion{"0123", "123", "123.0", "0123", "error"},
                    Conversion{"1.10", "error", "1.1", "1.10", "error"},
                    Conversion{"1_000", "error", "error", "1_000", "error"},
                    Conversion{"[1, 2]", "error", "error", "[1, 2]", "error"},
                    Conversion{"['a', 'b']", "error", "error", "['a', 'b']", "error"},
                    Conversion{"1,2", "error", "error", "1,2", "error"},
                    Conversion{"NaN", "error", "error", "NaN", "error"},
                    Conversion{"Infinity", "error", "error", "Infinity", "error"}));

}  // namespace
}  // namespace smtrain::app
