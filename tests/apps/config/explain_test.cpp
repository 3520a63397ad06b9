// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr char kRecipe[] = R"(model: {layers: [flatten, {linear: 2}]}
data:
  train: ${CATS:-cats}/train
  transform: [{resize: [96, 96]}, to_tensor]
train:
  epochs: 20
  optimizer: {name: sgd, learning_rate: 0.1, momentum: 0.9}
)";

SourcedRecipe read(const std::vector<Setting>& settings = {}) {
  return read_sourced_recipe(kRecipe, "cats.yaml", settings);
}

std::string explained(std::string_view key, const std::vector<Setting>& settings = {}) {
  const SourcedRecipe recipe = read(settings);
  return explain(key, &recipe);
}

std::string mistake_in(std::string_view key, const SourcedRecipe* recipe = nullptr) {
  try {
    explain(key, recipe);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no mistake";
}

TEST(Places, KeepEverythingThatAKeyWasGiven) {
  const SourcedRecipe recipe = read({{"train.epochs", "4", "--set train.epochs=4"},
                                     {"train.epochs", "3", "--epochs 3"},
                                     {"train.optimizer.name", "adam", "--set name"},
                                     {"data.transform", "[to_tensor]", "--set list"}});
  const Places& places = recipe.places;
  EXPECT_THAT(places.given("train.epochs"),
              ElementsAre(Given{"cats.yaml:6:11", "20"}, Given{"--set train.epochs=4", "4"},
                          Given{"--epochs 3", "3"}));
  EXPECT_THAT(places.given("train.optimizer"),
              ElementsAre(Given{"cats.yaml:7:21", "sgd"}, Given{"--set name", "adam"}));
  EXPECT_THAT(places.given("train.optimizer.lr"), ElementsAre(Given{"cats.yaml:7:41", "0.1"}));
  EXPECT_THAT(places.given("data.transform"),
              ElementsAre(Given{"cats.yaml:4:14", "[{resize: [96, 96]}, to_tensor]"},
                          Given{"--set list:1:1", "[to_tensor]"}));
  EXPECT_THAT(places.given("data.transform[0].resize.size"), IsEmpty());
  EXPECT_THAT(places.given("train.seed"), IsEmpty());
}

TEST(Places, ForgetWhatAnotherKindIsNotGiven) {
  const SourcedRecipe recipe = read({{"train.optimizer", "adam", "--set train.optimizer=adam"}});
  EXPECT_THAT(recipe.places.given("train.optimizer.lr"), IsEmpty());
  EXPECT_EQ(recipe.places.given("train.optimizer").size(), 2u);
}

TEST(Explain, ShowsTheChainOfAKey) {
  EXPECT_EQ(explained("train.epochs", {{"train.epochs", "3", "--epochs 3"}}),
            R"(train.epochs = 3
  Passes over the training data. A whole number, at least 1 and at most 1048576.
  default         10
  cats.yaml:6:11  20
  --epochs 3      3    (used)
)");
  EXPECT_EQ(explained("train.seed"), R"(train.seed = 1
  Seed of every random draw. A whole number, at least 0.
  default  1   (used)
)");
}

TEST(Explain, KnowsAliases) {
  const std::string text = explained("train.optimizer.learning_rate");
  EXPECT_EQ(text, explained("train.optimizer.lr"));
  EXPECT_THAT(text, HasSubstr("Also called learning_rate.\n"));
}

TEST(Explain, ShowsVariablesAsTheyAreWritten) {
  EXPECT_THAT(explained("data.train.path"),
              AllOf(StartsWith("data.train.path = cats/train\n"),
                    EndsWith("  cats.yaml:3:10  ${CATS:-cats}/train   (used)\n")));
  EXPECT_THAT(explained("output.dir"), HasSubstr("default  \"${SM_OUTPUT_DATA_DIR:-}\""));
}

TEST(Explain, SaysWhatFollowsFromOtherKeys) {
  EXPECT_THAT(explained("train.loss"),
              AllOf(StartsWith("train.loss = cross_entropy\n"),
                    HasSubstr("  default               nll\n"
                              "  model ends in scores  cross_entropy   (used)\n")));
  EXPECT_THAT(explained("output.model_dir", {{"output.dir", "o", "--set output.dir=o"}}),
              HasSubstr("  output.dir  o                     (used)\n"));
}

TEST(Explain, AChoiceShowsItsKindsAndKeys) {
  const std::string text = explained("train.optimizer", {{"train.optimizer.name", "adam", "--x"}});
  EXPECT_THAT(text,
              StartsWith("train.optimizer = adam\n  How parameters move. One of sgd, adam, "));
  EXPECT_THAT(text, HasSubstr("    keras_adam  Adam, as Keras computes it.\n"));
  EXPECT_THAT(text, HasSubstr("  default         sgd\n"
                              "  cats.yaml:7:21  sgd\n"
                              "  --x             adam   (used)\n"));
  EXPECT_THAT(text, HasSubstr("\ntrain.optimizer.lr = 0.1\n"));
  EXPECT_THAT(text, HasSubstr("\ntrain.optimizer.betas = [0.9, 0.999]\n"));
  EXPECT_THAT(text, Not(HasSubstr("train.optimizer.momentum")));
  EXPECT_EQ(explained("train.optimizer.name"), explained("train.optimizer"));
}

TEST(Explain, AGroupShowsEveryKeyBelow) {
  const std::string text = explained("data");
  EXPECT_THAT(text, StartsWith("data\n  The samples.\n\ndata.format = image_folder\n"));
  for (const char* heading : {"data.train\n", "data.train.path = ", "data.cache_dir = \"\"\n",
                              "data.transform[0].resize.size = [96, 96]\n"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(heading)));
  }
}

TEST(Explain, AnElementOfAList) {
  EXPECT_EQ(explained("data.transform[1]"), R"(data.transform[1] = to_tensor
  Bytes become numbers from 0 to 1.
  cats.yaml:4:35  to_tensor   (used)
)");
  EXPECT_EQ(explained("model.layers[1].linear.out_features"),
            R"(model.layers[1].linear.out_features = 2
  Size of the output. A whole number, at least 1.
  cats.yaml:1:36  2   (used)
)");
  const SourcedRecipe recipe = read();
  EXPECT_EQ(mistake_in("data.transform[2]", &recipe),
            "config explain: data.transform has 2 elements, no [2]");
  EXPECT_EQ(mistake_in("data.transform[0].to_tensor", &recipe),
            "config explain: data.transform[0] is resize");
  EXPECT_EQ(mistake_in("train.epochs[0]", &recipe), "config explain: train.epochs is not a list");
}

TEST(Explain, ALayerInsideOfALayer) {
  const SourcedRecipe recipe = read_sourced_recipe(
      "model: {layers: [{heads: {vowel: [{linear: 11}]}}]}\ndata: {train: a}\n", "r.yaml");
  EXPECT_THAT(explain("model.layers[0].heads.heads.vowel[0].linear.bias", &recipe),
              StartsWith("model.layers[0].heads.heads.vowel[0].linear.bias = true\n"));
  EXPECT_EQ(mistake_in("model.layers[0].heads.heads.consonant[0]", &recipe),
            "config explain: model.layers[0].heads.heads has no 'consonant'");
}

TEST(Explain, WithoutARecipeThereAreNoValues) {
  EXPECT_EQ(explain("train.epochs", nullptr), R"(train.epochs
  Passes over the training data. A whole number, at least 1 and at most 1048576.
  default  10
)");
  EXPECT_EQ(explain("data.transform.grayscale.channels", nullptr),
            R"(data.transform.grayscale.channels
  1, or 3 equal ones. A whole number, at least 1 and at most 3.
  default  1
)");
  EXPECT_EQ(explain("model.layers.linear.out_features", nullptr),
            R"(model.layers.linear.out_features
  Only where model is layers.
  Size of the output. A whole number, at least 1.
  required
)");
  EXPECT_THAT(explain("data.transform", nullptr), HasSubstr("    grayscale "));
}

TEST(Explain, AKeyOfAnotherKindHasNoValue) {
  EXPECT_EQ(explained("train.optimizer.betas"), R"(train.optimizer.betas
  Only where train.optimizer is adam, keras_adam or adamw; here it is sgd.
  What the averages of gradient and square keep. A list of two numbers, at least 0 and below 1.
  default  [0.9, 0.999]
)");
}

TEST(Explain, AFolderThatIsMissingStaysAsItIsWritten) {
  Variables variables;
  variables.set("SAGEMAKER_BASE_DIR", "/nowhere");
  variables.keep_missing_folders();
  const SourcedRecipe recipe = read_sourced_recipe("model: net\ndata: {train: '${split:train}'}\n",
                                                   "cats.yaml", {}, variables);
  EXPECT_THAT(explain("train.epochs", &recipe), StartsWith("train.epochs = 10\n"));
  EXPECT_THAT(explain("data.train.path", &recipe),
              StartsWith("data.train.path = ${split:train}\n"));
  const SourcedRecipe escaped =
      read_sourced_recipe("model: net\ndata: {train: '$${split:train}'}\n", "cats.yaml");
  EXPECT_THAT(explain("data.train.path", &escaped),
              StartsWith("data.train.path = \"$${split:train}\"\n"));
}

TEST(Explain, UnknownKeysGetTheNearestName) {
  EXPECT_EQ(mistake_in("train.epoch"),
            "config explain: unknown key 'epoch' in train; did you mean 'epochs'?");
  EXPECT_EQ(mistake_in("trian.epochs"),
            "config explain: unknown key 'trian'; did you mean 'train'?");
  EXPECT_EQ(mistake_in("batch_size"),
            "config explain: unknown key 'batch_size'; did you mean 'train.batch_size'?");
  EXPECT_EQ(mistake_in("data.transform.to_tenser"),
            "config explain: unknown key 'to_tenser' in data.transform; did you mean 'to_tensor'?");
  EXPECT_EQ(mistake_in("train.epochs.x"), "config explain: train.epochs has no keys");
  EXPECT_EQ(mistake_in("train."), "config explain: 'train.' is not the name of a key");
  EXPECT_THAT(mistake_in(""),
              StartsWith("config explain: unknown key ''; expected recipe, model, data, "));
  for (const char* odd : {".x", "[0]", "data.transform[", "data.transform[-1]", "a..b"}) {
    EXPECT_THAT(mistake_in(odd), StartsWith("config explain: unknown key '")) << odd;
  }
}

}  // namespace
}  // namespace smtrain::app
