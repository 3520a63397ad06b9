// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/predict/predict.h"

#include "smtrain/apps/job/job.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/plan_keeper.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/data/decode.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/ops/softmax.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>
#include <system_error>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

/// The pictures below a folder, sorted; of a file the file itself.
std::vector<std::string> pictures_in(const fs::path& path) {
  if (!is_folder(path)) return {path.string()};
  std::vector<std::string> pictures;
  std::error_code error;
  fs::path last = path;
  fs::recursive_directory_iterator entry(path, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    last = entry->path();
    if (!entry->is_directory() && data::is_picture(last.filename().string()))
      pictures.push_back(last.string());
  }
  if (error) bad_input(last.string(), ": cannot list: ", error.message());
  if (pictures.empty()) bad_input(path.string(), ": holds no pictures");
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

/// A model with all that happens to a picture before it.
class Classifier {
 public:
  Classifier(const TrainedModel& trained, const DataOptions& data)
      : model_(*trained.model),
        input_(trained.card.input),
        preprocessing_(preprocessing(data, input_[0])),
        transform_(preprocessing_.transforms) {
    const auto is_grayscale = [](const Transform& t) {
      return std::holds_alternative<Grayscale>(t);
    };
    const bool from_color = data.format == DataFormat::image_folder ||
                            std::any_of(data.transform.begin(), data.transform.end(), is_grayscale);
    decode_ = {.channels = from_color ? 3 : input_[0],
               .apply_exif_orientation = data.exif == Exif::apply};
  }

  /// The probability of each class.
  std::vector<float> operator()(const std::string& path) const {
    const NoGradGuard no_grad;
    const Tensor output = model_(preprocessing_.normalized(pixels(path)));
    // Of log-probabilities the softmax is the probabilities again.
    return softmax(to_full_precision(output), -1).to_vector<float>();
  }

 private:
  /// u8 [1, C, H, W].
  Tensor pixels(const std::string& path) const {
    data::SampleRandom unused(0, 0, 0);  // what is random is left out
    const data::Image image = transform_.apply(data::decode_file(path, decode_), unused);
    const Shape shape = {image.channels, image.height, image.width};
    if (shape != input_) {
      bad_input(path, ": the model takes ", input_, ", its transforms make ", shape,
                " of this picture; --set data.transform=[...] replaces them");
    }
    const Shape batch = {1, shape[0], shape[1], shape[2]};
    const TensorOptions channels_last = {.dtype = DType::u8, .format = MemoryFormat::channels_last};
    const Tensor on_host = empty(batch, channels_last, Device::cpu());
    std::copy(image.pixels.begin(), image.pixels.end(), on_host.data<uint8_t>());
    const Tensor pixels = empty(batch, channels_last);
    copy_into(on_host, pixels);
    return pixels;
  }

  nn::Module& model_;
  Shape input_;
  Preprocessing preprocessing_;
  data::Compose transform_;
  data::DecodeOptions decode_;
};

/// "tabby 0.9731, siamese 0.0212": the `top` likeliest, of equals the first.
std::string table_row(const std::vector<float>& probabilities,
                      const std::vector<std::string>& classes, size_t top) {
  std::vector<size_t> order(classes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return probabilities[a] > probabilities[b]; });
  std::string row;
  for (size_t i = 0; i < std::min(top, order.size()); ++i) {
    row +=
        fmt::format("{}{} {:.4f}", i == 0 ? "" : ", ", classes[order[i]], probabilities[order[i]]);
  }
  return row;
}

}  // namespace

int predict(const PredictCommand& command, std::ostream& out, std::ostream& err) {
  const TrainedModel trained = load_model(command.model);
  const Recipe recipe = recipe_with(trained.card, command.model, command.settings);
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  take_known_plans(recipe, context.device(), err);
  trained.model->to(context.device());
  const Classifier classifier(trained, recipe.data);

  int exit_code = 0;
  const auto continue_after_failure = [&](const auto& work) {
    try {
      work();
    } catch (const std::runtime_error& error) {
      fmt::print(err, "smtrain: {}\n", error.what());
      exit_code = 1;
    }
  };
  for (const std::string& path : command.images) {
    continue_after_failure([&] {
      for (const std::string& picture : pictures_in(path)) {
        continue_after_failure([&] {
          const auto row = table_row(classifier(picture), trained.card.classes,
                                     static_cast<size_t>(command.top));
          fmt::print(out, "{}: {}\n", picture, row);
        });
      }
    });
  }
  return exit_code;
}

}  // namespace smtrain::app
