// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/keras_settings.h"

#include "smtrain/apps/config/dump.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

/// The settings file of the second article.
constexpr char kArticle[] = R"({
    "epsilon": 1e-07,
    "floatx": "float32",
    "image_data_format": "channels_first",
    "backend": "mxnet"
})";

/// The recipe that these lines make with that keras.json, or the mistake in them; `asked` counts
/// how often the file is read.
struct Read {
  explicit Read(const std::string& lines, const std::string& keras_json = kArticle) {
    try {
      recipe = read_recipe("model: net\ndata: {train: a}\n" + lines, "r.yaml", {}, {}, [&] {
        ++asked;
        return parse_keras_settings(keras_json, "/home/.keras/keras.json");
      });
    } catch (const std::invalid_argument& error) {
      mistake = error.what();
    }
  }

  double keras_adam_eps() const {
    return std::get<optim::KerasAdamOptions>(recipe.train.optimizer).eps;
  }

  Recipe recipe;
  int asked = 0;
  std::string mistake;
};

TEST(KerasSettings, TheFileIsReadForAKerasJobAlone) {
  const struct {
    std::string lines;
    int asked;
  } cases[] = {
      {"", 0},
      {"train: {optimizer: adam}\n", 0},
      {"train: {initializer: pytorch}\n", 0},
      {"keras: {}\n", 1},
      {"train: {optimizer: keras_adam}\n", 1},
      {"train: {initializer: keras}\n", 1},
  };
  for (const auto& c : cases) {
    const Read read(c.lines);
    EXPECT_EQ(read.mistake, "") << c.lines;
    EXPECT_EQ(read.asked, c.asked) << c.lines;
    EXPECT_EQ(read.recipe.keras.image_data_format,
              c.asked == 1 ? ImageDataFormat::channels_first : ImageDataFormat::channels_last);
    EXPECT_EQ(read.recipe.keras.backend, c.asked == 1 ? "mxnet" : "");
  }
}

TEST(KerasSettings, TheRecipesOwnBlockWins) {
  const Read read("keras: {image_data_format: channels_last, epsilon: 0.5}\n");
  EXPECT_EQ(read.recipe.keras.image_data_format, ImageDataFormat::channels_last);
  EXPECT_EQ(read.recipe.keras.epsilon, 0.5);
  EXPECT_EQ(read.recipe.keras.backend, "mxnet");
}

TEST(KerasSettings, ARecipeThatIsWrittenOutNeedsNoFile) {
  const Recipe recipe = Read("train: {optimizer: keras_adam}\n", R"({"epsilon": 1e-3})").recipe;
  const Recipe again = read_recipe(dump(recipe), "dump.yaml", {}, {}, []() -> std::vector<Setting> {
    throw std::logic_error("the file was read");
  });
  EXPECT_EQ(again, recipe);
}

TEST(KerasSettings, EpsilonIsTheEpsOfAKerasOptimizerThatIsGivenNone) {
  const std::string adam = "train: {optimizer: keras_adam}\n";
  EXPECT_EQ(Read(adam).keras_adam_eps(), 1e-7);
  EXPECT_EQ(Read(adam, R"({"epsilon": 0.001})").keras_adam_eps(), 1e-3);
  EXPECT_EQ(Read(adam + "keras: {epsilon: 1e-5}\n").keras_adam_eps(), 1e-5);
  EXPECT_EQ(Read("train: {optimizer: {name: keras_adam, eps: 1e-6}}\nkeras: {epsilon: 1e-5}\n")
                .keras_adam_eps(),
            1e-6);
  const Read other("train: {optimizer: adam}\nkeras: {epsilon: 1e-5}\n");
  EXPECT_EQ(std::get<optim::AdamOptions>(other.recipe.train.optimizer).eps, 1e-8);
}

TEST(KerasSettings, KeysThatAreUnknownOrMissingChangeNothing) {
  EXPECT_EQ(Read("keras: {}\n", "{}").recipe.keras, KerasOptions());
  EXPECT_EQ(Read("keras: {}\n", R"({"image_dim_ordering": [1, {}], "extra": null})").recipe.keras,
            KerasOptions());
  EXPECT_EQ(Read("keras: {}\n", R"({"epsilon": 1})").recipe.keras.epsilon, 1);
  EXPECT_EQ(Read("keras: {}\n", R"({"backend": "${HOME} [x]"})").recipe.keras.backend,
            "${HOME} [x]");
}

TEST(KerasSettings, NameFileAndKeyOfAMistake) {
  const struct {
    std::string json, message;
  } cases[] = {
      {R"({"epsilon": 0})",
       ": keras.epsilon: expected a number, above 0 and at most 1e+38, got '0'"},
      {R"({"epsilon": -1e-7})",
       ": keras.epsilon: expected a number, above 0 and at most 1e+38, got '-1e-07'"},
      {R"({"epsilon": "1e-7"})", ": epsilon: expected a number, got string"},
      {R"({"epsilon": null})", ": epsilon: expected a number, got null"},
      {R"({"floatx": "float16"})",
       ": keras.floatx: expected float32, got 'float16'; did you mean 'float32'?"},
      {R"({"floatx": 32})", ": floatx: expected a text, got number"},
      {R"({"image_data_format": "channels_frist"})",
       ": keras.image_data_format: expected channels_last or channels_first, got "
       "'channels_frist'; did you mean 'channels_first'?"},
      {R"({"backend": ["mxnet"]})", ": backend: expected a text, got array"},
      {R"(["epsilon"])", ": expected an object of settings, got array"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Read("keras: {}\n", c.json).mistake, "/home/.keras/keras.json" + c.message);
  }
  for (const char* broken : {"", "{", "{'epsilon': 1}", R"({"epsilon": 1e999})", "{} {}"}) {
    EXPECT_THAT(Read("keras: {}\n", broken).mistake,
                testing::StartsWith("/home/.keras/keras.json: expected Keras' settings as JSON: "))
        << broken;
  }
  EXPECT_EQ(Read("keras: {floatx: float64}\n").mistake,
            "r.yaml:3:17: keras.floatx: expected float32, got 'float64'; did you mean 'float32'?");
}

TEST(KerasSettingsFile, IsWhereKerasKeepsIt) {
  const test::TemporaryDirectory directory;
  const fs::path own = directory.path() / "own", home = directory.path() / "home";
  Variables variables;
  variables.set("KERAS_HOME", own.string());
  variables.set("HOME", home.string());
  EXPECT_EQ(keras_settings_file(variables), std::nullopt);
  std::ostringstream err;
  EXPECT_THAT(keras_defaults(variables, err)(), testing::IsEmpty());
  EXPECT_EQ(err.str(), "");

  fs::create_directories(own);
  write_file_atomically(own / "keras.json", std::string_view(kArticle));
  EXPECT_EQ(keras_settings_file(variables), own / "keras.json");
  EXPECT_EQ(keras_defaults(variables, err)().size(), 4);
  EXPECT_EQ(err.str(), "smtrain: Keras' settings: " + (own / "keras.json").string() + "\n");

  ::unsetenv("KERAS_HOME");
  Variables at_home;
  at_home.set("HOME", home.string());
  EXPECT_EQ(keras_settings_file(at_home), std::nullopt);
  fs::create_directories(home / ".keras");
  write_file_atomically(home / ".keras/keras.json", std::string_view(kArticle));
  EXPECT_EQ(keras_settings_file(at_home), home / ".keras/keras.json");
}

TEST(KerasSettingsFile, IsBoundedInSize) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory.path() / "keras.json", std::string(64 * 1024 + 1, ' '));
  Variables variables;
  variables.set("KERAS_HOME", directory.path().string());
  std::ostringstream err;
  EXPECT_THAT([&] { keras_defaults(variables, err)(); },
              testing::ThrowsMessage<std::runtime_error>(
                  testing::StartsWith(directory / "keras.json" + ": ")));
}

}  // namespace
}  // namespace smtrain::app
