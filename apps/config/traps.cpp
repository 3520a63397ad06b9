// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/traps.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/learning_rate.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/engine/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSmallBatch = 2;
constexpr double kMaxImbalance = 10;
constexpr double kVanishedPart = 1e-3;  // of the highest rate
constexpr std::array kImageNetMean = {0.485, 0.456, 0.406};
constexpr std::array kImageNetStd = {0.229, 0.224, 0.225};

/// Calls `see(layer, path)` for every layer of the tree.
void for_each_layer(const std::vector<Layer>& layers, const std::string& path,
                    const std::function<void(const Layer&, const std::string&)>& see) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string name = element(path, i);
    see(layers[i], name);
    if (const auto* residual = std::get_if<ResidualLayer>(&layers[i].kind)) {
      for_each_layer(residual->layers, name + ".residual.layers", see);
      for_each_layer(residual->shortcut, name + ".residual.shortcut", see);
    } else if (const auto* heads = std::get_if<HeadsLayer>(&layers[i].kind)) {
      for (const Head& head : heads->heads)
        for_each_layer(head.layers, name + ".heads.heads." + head.name, see);
    }
  }
}

/// Whether path `a` is `b` or lies in it, whatever links and dots it is written with.
bool is_within(const std::string& a, const std::string& b) {
  std::error_code error;
  const fs::path relative = fs::weakly_canonical(fs::absolute(a), error)
                                .lexically_relative(fs::weakly_canonical(fs::absolute(b), error));
  return !error && !relative.empty() && *relative.begin() != "..";
}

class Traps {
 public:
  Traps(const Recipe& recipe, const Places& places, const std::optional<DataFacts>& data)
      : recipe_(recipe), places_(places), data_(data) {}

  std::vector<Warning> take() { return std::move(warnings_); }

  void batch_norm_small_batch() {
    const auto* model = std::get_if<LayersModel>(&recipe_.model);
    const int64_t batch = recipe_.train.batch_size;
    if (model == nullptr || batch > kSmallBatch) return;
    bool normalizes = false;
    for_each_layer(model->layers, "model.layers", [&](const Layer& layer, const std::string&) {
      normalizes = normalizes || std::holds_alternative<BatchNorm2dLayer>(layer.kind);
    });
    if (!normalizes) return;
    warn("batch_norm_small_batch", "train.batch_size", "batch norm over ", batch,
         batch == 1 ? " picture" : " pictures",
         " is mostly noise: what evaluation uses instead wobbles from epoch to epoch");
  }

  void backend_without_hosts() {
    const DistributedOptions& o = recipe_.distributed;
    if (!places_.has("distributed.backend") || o.backend == "auto" || o.hosts.size() > 1) return;
    warn("backend_without_hosts", "distributed.backend", o.backend,
         " has no effect in a job of one host");
  }

  void hosts_as_characters() {
    const auto& hosts = recipe_.distributed.hosts;
    const bool is_list_text = std::any_of(hosts.begin(), hosts.end(), [](const std::string& host) {
      return host.find_first_of("[]'\"") != host.npos;
    });
    if (!is_list_text) return;
    warn("hosts_as_characters", "distributed.hosts", "the hosts are ",
         fmt::format("[{}]", fmt::join(hosts, ", ")),
         ": a list was taken for a text; write [algo-1, algo-2]");
  }

  void wild_learning_rate() {
    const OptimizerOptions optimizer = optimizer_in_use(recipe_);
    const bool is_adam = std::holds_alternative<optim::AdamOptions>(optimizer) ||
                         std::holds_alternative<optim::KerasAdamOptions>(optimizer) ||
                         std::holds_alternative<optim::AdamWOptions>(optimizer);
    if (!is_adam && !std::holds_alternative<optim::SgdOptions>(optimizer)) return;
    const auto* cycle = std::get_if<nn::OneCycleSchedule>(&recipe_.train.schedule.kind);
    const double highest = cycle == nullptr ? base_lr(optimizer) : cycle->max_lr;
    const double wild = is_adam ? 0.1 : 1;
    if (highest < wild) return;
    warn("wild_learning_rate", cycle == nullptr ? "train.optimizer.lr" : "train.schedule.max_lr",
         "a rate of ", highest, " is wild for ", is_adam ? "Adam" : "SGD", "; usual is ",
         is_adam ? "0.001" : "0.001 to 0.1");
  }

  void learning_rate_vanishes() {
    const nn::Schedule& schedule = recipe_.train.schedule;
    if (!data_ || schedule.unit != nn::ScheduleUnit::step) return;
    const PlannedRate rate(recipe_.train, base_lr(optimizer_in_use(recipe_)),
                           data_->steps_per_epoch);
    double highest = 0;
    for (int percent = 0; percent <= 100; ++percent) {
      highest = std::max(highest, rate.at(rate.step_at(percent)));
    }
    for (int percent = 0; percent < 50; ++percent) {
      const int64_t step = rate.step_at(percent);
      const bool is_falling = step > schedule.warmup && rate.at(step) <= rate.at(step - 1);
      if (!is_falling || rate.at(step) >= kVanishedPart * highest) continue;
      return warn("learning_rate_vanishes", "train.schedule",
                  "the rate falls by the step and is below a thousandth of ", highest,
                  " from step ", step, " of ", rate.total_steps(), " on; is unit: epoch meant?");
    }
  }

  void dropout_without_effect() {
    const auto* model = std::get_if<LayersModel>(&recipe_.model);
    if (model == nullptr) return;
    for_each_layer(model->layers, "model.layers", [&](const Layer& layer, const std::string& path) {
      const auto* dropout = std::get_if<DropoutLayer>(&layer.kind);
      const auto* dropout2d = std::get_if<Dropout2dLayer>(&layer.kind);
      if ((dropout == nullptr || dropout->p > 0) && (dropout2d == nullptr || dropout2d->p > 0))
        return;
      warn("dropout_without_effect", path, "a dropout of 0 does nothing");
    });
  }

  void loss_without_information() {
    const auto& weights = std::visit(
        [](const auto& loss) -> const std::vector<double>& { return loss.class_weights; },
        recipe_.train.loss);
    if (!weights.empty() &&
        std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
      warn("class_weights_all_zero", "train.loss.class_weights",
           "no class counts: every loss is 0 / 0");
    }
    const auto* loss = std::get_if<CrossEntropyLoss>(&recipe_.train.loss);
    if (loss != nullptr && loss->label_smoothing == 1) {
      warn("label_smoothing_of_one", "train.loss.label_smoothing",
           "every class is as right as any other: nothing can be learned");
    }
  }

  void normalization() {
    for (size_t i = 0; i < recipe_.data.transform.size(); ++i) {
      const auto* normalize = std::get_if<Normalize>(&recipe_.data.transform[i]);
      if (normalize == nullptr) continue;
      const std::string path = element("data.transform", i);
      const auto equals = [](const std::vector<double>& numbers, const auto& others) {
        return std::equal(numbers.begin(), numbers.end(), others.begin(), others.end());
      };
      const bool has_mean = equals(normalize->mean, kImageNetMean);
      if (has_mean != equals(normalize->std, kImageNetStd)) {
        warn("normalization_mixed", path, "ImageNet's ", has_mean ? "mean" : "std",
             " with another ", has_mean ? "std" : "mean");
      }
      if (std::any_of(normalize->mean.begin(), normalize->mean.end(),
                      [](double mean) { return mean > 1; })) {
        warn("normalization_of_bytes", path,
             "a mean above 1 is one of bytes, but to_tensor gives numbers from 0 to 1; divide mean "
             "and std by 255");
      }
    }
  }

  void validation_data() {
    const SplitOptions &train = recipe_.data.train, &validation = recipe_.data.validation;
    if (!validation.is_given()) {
      return warn_at("no_validation_data", places_.of("data.train"),
                     "data: nothing is evaluated: data.validation names no data");
    }
    if (!train.images.empty() && train == validation) {
      return warn("validation_is_training", "data.validation", "it is the training data, ",
                  train.images);
    }
    if (recipe_.data.format != DataFormat::image_folder) return;
    const bool is_in = is_within(validation.path, train.path);
    const bool is_around = is_within(train.path, validation.path);
    if (!is_in && !is_around) return;
    warn("validation_is_training", "data.validation",
         is_in && is_around ? "it is the training data, "
         : is_in            ? "it lies in the training data, "
                            : "it holds the training data, ",
         train.path);
  }

  void class_imbalance() {
    if (!data_ || data_->samples.size() < 2) return;
    const auto [least, most] = std::minmax_element(data_->samples.begin(), data_->samples.end());
    if (static_cast<double>(*most) <= kMaxImbalance * static_cast<double>(*least)) return;
    const auto name = [this](auto count) {
      return data_->classes[static_cast<size_t>(count - data_->samples.begin())];
    };
    warn("class_imbalance", "data.train", "class ", name(most), " has ", *most, " samples, ",
         name(least), " has ", *least, "; train.loss.class_weights can make up for it");
  }

  void quirks() {
    Recipe recipe = recipe_, standard;
    const Group given = keys_of(recipe), defaults = keys_of(standard);
    const Group& quirks = std::get<Group>(find_key(given, "quirks")->value);
    const Group& none = std::get<Group>(find_key(defaults, "quirks")->value);
    for (size_t i = 0; i < quirks.keys.size(); ++i) {
      const Key& key = quirks.keys[i];
      const std::string value = value_text(key.value);
      if (value == value_text(none.keys[i].value)) continue;
      const std::string path = "quirks." + std::string(key.name);
      warn(path, path, "reproduces a bug of the articles: ", key.doc);
    }
  }

 private:
  template <typename... Parts>
  void warn(std::string name, const std::string& path, const Parts&... parts) {
    warn_at(std::move(name), places_.of(path), path, ": ", parts...);
  }

  template <typename... Parts>
  void warn_at(std::string name, const std::string& place, const Parts&... parts) {
    warnings_.push_back({std::move(name), concat_text(place, ": ", parts...)});
  }

  const Recipe& recipe_;
  const Places& places_;
  const std::optional<DataFacts>& data_;
  std::vector<Warning> warnings_;
};

}  // namespace

std::vector<Warning> traps_in(const Recipe& recipe, const Places& places,
                              const std::optional<DataFacts>& data) {
  Traps traps(recipe, places, data);
  traps.batch_norm_small_batch();
  traps.backend_without_hosts();
  traps.hosts_as_characters();
  traps.wild_learning_rate();
  traps.learning_rate_vanishes();
  traps.dropout_without_effect();
  traps.loss_without_information();
  traps.normalization();
  traps.validation_data();
  traps.class_imbalance();
  traps.quirks();
  return traps.take();
}

std::vector<std::string> texts_of(const std::vector<Warning>& warnings) {
  std::vector<std::string> texts;
  for (const Warning& warning : warnings) texts.push_back(warning.name + ": " + warning.text);
  return texts;
}

}  // namespace smtrain::app
