// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/predict/predict.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/model/build_model.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/data/png.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

data::Image picture(std::vector<uint8_t> pixel, int64_t height = 5, int64_t width = 7) {
  data::Image image{.height = height,
                    .width = width,
                    .channels = static_cast<int64_t>(pixel.size()),
                    .pixels = {}};
  for (int64_t i = 0; i < height * width; ++i)
    image.pixels.insert(image.pixels.end(), pixel.begin(), pixel.end());
  return image;
}

const data::Image kRed = picture({255, 0, 0}), kGreen = picture({0, 255, 0});

class Predict : public testing::Test {
 protected:
  /// Saves a model of 2x2 pictures whose outputs are the means of normalised red, green and blue.
  void save_color_model(const std::string& last_layer, const std::string& transform,
                        const std::string& loss = "cross_entropy") {
    const Recipe recipe = read_recipe("model: {layers: [flatten, {linear: 3}" + last_layer +
                                          "]}\ndata: {train: a, transform: [" + transform +
                                          "]}\ntrain: {loss: " + loss + "}",
                                      "test");
    const nn::ModulePtr model = build_model(recipe.model, {3, 2, 2}, 3);
    std::vector<float> weight(3 * 12);
    for (size_t color = 0; color < 3; ++color)
      for (size_t pixel = 0; pixel < 4; ++pixel) weight[color * 12 + color * 4 + pixel] = 0.25f;
    nn::StateDict state;
    state.add("1.weight", from_vector(weight, {3, 12}));
    state.add("1.bias", from_vector<float>({0, 0, 0}, {3}));
    model->load_state_dict(state);
    save_model({.model_dir = directory_.path()},
               {.recipe = recipe, .classes = {"red", "green", "blue"}, .input = {3, 2, 2}}, *model);
  }

  /// The command's exit code; what it printed is in out_ and err_.
  int run(const std::vector<std::string>& images, int64_t top = 1,
          const std::vector<Setting>& settings = {}) {
    out_.str("");
    err_.str("");
    return predict(
        {.model = directory_.path().string(), .images = images, .top = top, .settings = settings},
        out_, err_);
  }

  std::string write(const std::string& name, const data::Image& image) {
    const auto path = directory_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    data::write_png(path, image);
    return path.string();
  }

  static constexpr char kTransform[] =
      "{random_horizontal_flip: 1}, {resize: [2, 2]}, to_tensor, {normalize: {mean: [0.5, 0.5, "
      "0.5], std: [0.5, 0.5, 0.5]}}";

  test::TemporaryDirectory directory_;
  std::ostringstream out_, err_;
};

TEST_F(Predict, PrintsTheLikeliestClassesOfEachPicture) {
  save_color_model("", kTransform);
  const std::string red = write("red.png", kRed), green = write("green.png", kGreen);
  EXPECT_EQ(run({red, green}), 0);
  // Red is (1, -1, -1) to the model: e / (e + 2 / e) = 0.7870.
  EXPECT_EQ(out_.str(), red + ": red 0.7870\n" + green + ": green 0.7870\n");
  EXPECT_EQ(run({red}, 2), 0);
  EXPECT_EQ(out_.str(), red + ": red 0.7870, green 0.1065\n");
  EXPECT_EQ(run({red}, 100), 0);
  EXPECT_EQ(out_.str(), red + ": red 0.7870, green 0.1065, blue 0.1065\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Predict, ModelsOfLogProbabilitiesGiveTheSame) {
  save_color_model(", log_softmax", kTransform, "nll");
  const std::string red = write("red.png", kRed);
  EXPECT_EQ(run({red}), 0);
  EXPECT_EQ(out_.str(), red + ": red 0.7870\n");
}

TEST_F(Predict, FoldersStandForThePicturesBelowThem) {
  save_color_model("", kTransform);
  const std::string a = write("p/a/1.png", kGreen), b = write("p/b.PNG", kRed);
  write_file_atomically(directory_.path() / "p/notes.txt", std::string_view("no picture"));
  EXPECT_EQ(run({directory_ / "p"}), 0);
  EXPECT_EQ(out_.str(), a + ": green 0.7870\n" + b + ": red 0.7870\n");
}

TEST_F(Predict, GreyPicturesAndSettings) {
  save_color_model("", kTransform);
  const std::string grey = write("grey.png", picture({255}));
  EXPECT_EQ(run({grey}, 3), 0);
  EXPECT_EQ(out_.str(), grey + ": red 0.3333, green 0.3333, blue 0.3333\n");
  const std::string red = write("red.png", kRed);
  const Setting plain{
      .key = "data.transform", .value = "[{resize: [2, 2]}, to_tensor]", .origin = "s"};
  EXPECT_EQ(run({red}, 1, {plain}), 0);
  EXPECT_EQ(out_.str(), red + ": red 0.5761\n");  // e / (e + 2)
}

TEST_F(Predict, UnreadablePicturesAreNamedAndTheOthersGoOn) {
  save_color_model("", kTransform);
  const std::string red = write("red.png", kRed), broken = directory_ / "broken.png";
  write_file_atomically(broken, std::string_view("\x89PNG\r\n\x1a\n"));
  std::filesystem::create_directory(directory_.path() / "empty");
  EXPECT_EQ(run({broken, directory_ / "missing.png", directory_ / "empty", red}), 1);
  EXPECT_EQ(out_.str(), red + ": red 0.7870\n");
  EXPECT_THAT(err_.str(), StartsWith("smtrain: decode: " + broken + ": "));
  EXPECT_THAT(err_.str(), HasSubstr("\nsmtrain: " + directory_ / "missing.png" + ": "));
  EXPECT_THAT(err_.str(),
              HasSubstr("\nsmtrain: " + directory_ / "empty" + ": holds no pictures\n"));
}

TEST_F(Predict, PicturesOfAnotherSizeThanTheModels) {
  save_color_model("", "to_tensor");
  const std::string red = write("red.png", kRed);
  EXPECT_EQ(run({red}), 1);
  EXPECT_EQ(err_.str(), "smtrain: " + red +
                            ": the model takes [3, 2, 2], its transforms make [3, 5, 7] of this "
                            "picture; --set data.transform=[...] replaces them\n");
}

}  // namespace
}  // namespace smtrain::app
