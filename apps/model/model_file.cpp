// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/model/model_file.h"

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/json.h"
#include "smtrain/apps/model/build_model.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"

#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace smtrain::app {
namespace {

constexpr char kModelFile[] = "model.safetensors", kPytorchFile[] = "model.pth";
using Metadata = std::map<std::string, std::string>;

/// What loaders hand out at most: a picture's channels and the pixels of a side.
constexpr int64_t kMaxChannels = 4, kMaxSide = 1 << 16;

Metadata metadata_of(const ModelCard& card) {
  return {{"format", "pt"},
          {"smtrain.version", card.version},
          {kRecipeKey, as_utf8(dump(card.recipe))},
          {"smtrain.classes", Json(card.classes).dump()},
          {"smtrain.input", Json(std::vector(card.input.begin(), card.input.end())).dump()},
          {"smtrain.metric", card.metric},
          {"smtrain.metric_value", number_text(card.metric_value)},
          {"smtrain.epoch", number_text(card.epoch)},
          {"smtrain.data_hash", card.data_hash}};
}

/// A card out of a file's metadata. Throws BadInput that names file and key.
class CardReader {
 public:
  CardReader(const Metadata& metadata, std::string file)
      : metadata_(metadata), file_(std::move(file)) {}

  ModelCard card() const {
    return {.recipe = recipe(),
            .classes = classes(),
            .input = input(),
            .metric = text("smtrain.metric"),
            .metric_value = number<double>("smtrain.metric_value"),
            .epoch = number<int64_t>("smtrain.epoch"),
            .data_hash = text("smtrain.data_hash"),
            .version = text("smtrain.version")};
  }

 private:
  const std::string& text(const std::string& key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end())
      bad_input(file_, ": not a model of smtrain: no ", key, " in its metadata");
    return found->second;
  }

  template <typename T>
  T number(const std::string& key) const {
    const auto value = parse_number<T>(text(key));
    if (!value) bad_input(file_, ": ", key, ": expected a number, got '", text(key), "'");
    return *value;
  }

  template <typename T>
  std::vector<T> list(const std::string& key, const char* expected) const {
    try {
      return Json::parse(text(key)).get<std::vector<T>>();
    } catch (const Json::exception&) {
      bad_input(file_, ": ", key, ": expected ", expected);
    }
  }

  std::vector<std::string> classes() const {
    const char* const expected = "a JSON list of one name or more";
    auto names = list<std::string>("smtrain.classes", expected);
    if (names.empty()) bad_input(file_, ": smtrain.classes: expected ", expected);
    return names;
  }

  Shape input() const {
    const char* const expected = "[channels, height, width] of pictures";
    const auto sizes = list<int64_t>("smtrain.input", expected);
    const auto in_range = [&](size_t i, int64_t most) { return sizes[i] >= 1 && sizes[i] <= most; };
    if (sizes.size() != 3 || !in_range(0, kMaxChannels) || !in_range(1, kMaxSide) ||
        !in_range(2, kMaxSide)) {
      bad_input(file_, ": smtrain.input: expected ", expected, ", got ", text("smtrain.input"));
    }
    return Shape(sizes);
  }

  Recipe recipe() const {
    const std::string& yaml = text(kRecipeKey);
    for (size_t at = yaml.find("${"); at != yaml.npos; at = yaml.find("${", at + 1)) {
      // dump() writes "$${" for the characters "${".
      if (at == 0 || yaml[at - 1] != '$')
        bad_input(file_, ": ", kRecipeKey, ": holds a variable, ", yaml.substr(at, 40));
    }
    try {
      return read_recipe(yaml, file_ + ": " + kRecipeKey);
    } catch (const std::invalid_argument& error) {
      bad_input(error.what());
    }
  }

  const Metadata& metadata_;
  std::string file_;
};

}  // namespace

void check_can_save(const OutputOptions& output) {
  for (const char* name : {kModelFile, kPytorchFile}) {
    const auto path = std::filesystem::path(output.model_dir) / name;
    if (is_folder(path)) fail(path.string(), ": is a folder; the model is to be saved there");
  }
}

nn::StateDict with_card(const ModelCard& card, const nn::Module& model) {
  nn::StateDict state = model.state_dict();
  state.metadata() = metadata_of(card);
  return state;
}

void write_model(const std::filesystem::path& file, const ModelCard& card,
                 const nn::Module& model) {
  nn::write_safetensors(file, with_card(card, model));
}

void save_model(const OutputOptions& output, const ModelCard& card, const nn::Module& model) {
  const std::filesystem::path folder = output.model_dir;
  write_model(folder / kModelFile, card, model);
  nn::write_pytorch(folder / kPytorchFile, model.state_dict(),
                    {.format = output.pth_format, .module_prefix = output.pth_module_prefix});
}

ModelCard read_card(const nn::StateDict& state, const std::string& file) {
  return CardReader(state.metadata(), file).card();
}

TrainedModel load_model(const std::filesystem::path& path) {
  const auto file = is_folder(path) ? path / kModelFile : path;
  if (is_file(file) && file.extension() != ".safetensors")
    bad_input(file.string(),
              ": expected a .safetensors file of smtrain, or a folder that holds one");
  const nn::StateDict state = nn::read_safetensors(file);
  ModelCard card = read_card(state, file.string());

  int64_t numbers = 0;  // so that a recipe that lies about sizes allocates no more than the file
  for (const auto& [name, tensor] : state) numbers += tensor.numel();
  Context context({.device = Device::cpu(), .threads = Context::current().threads()});
  const ContextGuard guard(context);  // whose generator the first weights are drawn from
  nn::ModulePtr model;
  try {
    model = build_model(card.recipe.model, card.input, static_cast<int64_t>(card.classes.size()),
                        numbers);
  } catch (const std::invalid_argument& error) {
    bad_input(file.string(), ": ", error.what());
  }
  model->load_state_dict(state, file.string());
  model->eval();
  return {.card = std::move(card), .model = std::move(model)};
}

Recipe recipe_with(const ModelCard& card, const std::string& model,
                   const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    check(setting.key != "model" && !setting.key.starts_with("model."), setting.origin, ": ", model,
          " says itself which model it is");
  }
  return read_recipe(dump(card.recipe), model, settings);
}

}  // namespace smtrain::app
