// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_check.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <string>

namespace smtrain::app {
namespace {

class Checker {
 public:
  explicit Checker(const Places& places) : places_(places) {}

  void check_model(const LayersModel& model) const { check_layers(model.layers, "model.layers"); }

  void check_loss(const LossOptions& loss, const std::vector<Layer>& layers) const {
    const auto& last = layers.back().kind;
    if (std::holds_alternative<NllLoss>(loss)) {
      expect(
          std::holds_alternative<LogSoftmaxLayer>(last) || std::holds_alternative<HeadsLayer>(last),
          "train.loss",
          "nll takes what log_softmax gives; end model.layers with it, or take cross_entropy");
    } else {
      expect(!std::holds_alternative<SoftmaxLayer>(last), "train.loss",
             "cross_entropy takes plain scores; end model.layers without softmax");
    }
  }

  void check_split(const SplitOptions& split, DataFormat format, const std::string& path) const {
    const bool has_arrays = !split.images.empty() || !split.labels.empty();
    expect(split.images.empty() == split.labels.empty(), path,
           "images and labels are given together");
    switch (format) {
      case DataFormat::image_folder:
      case DataFormat::cifar:
        expect(!has_arrays, path, "images and labels are for idx and npz; give a path");
        break;
      case DataFormat::idx:
        expect(!has_arrays || split.path.empty(), path,
               "a path or images and labels are given, not both");
        break;
      case DataFormat::npz: break;
    }
  }

  void check_transform(const std::vector<Transform>& transforms) const {
    bool is_tensor = false;
    for (size_t i = 0; i < transforms.size(); ++i) {
      const std::string path = "data.transform[" + std::to_string(i) + "]";
      const Transform& transform = transforms[i];
      if (const auto* normalize = std::get_if<Normalize>(&transform)) {
        expect(is_tensor, path, "normalize comes after to_tensor");
        expect(!normalize->mean.empty() && normalize->mean.size() == normalize->std.size(), path,
               "mean and std need one number for each channel, got ", normalize->mean.size(),
               " and ", normalize->std.size());
      } else {
        expect(!is_tensor, path, "only normalize comes after to_tensor");
      }
      if (const auto* resize = std::get_if<Resize>(&transform)) {
        expect(resize->size.size() == 1 || resize->size.size() == 2, path,
               "resize takes [height, width] or the shorter side, got ", resize->size.size(),
               " numbers");
      }
      if (const auto* grayscale = std::get_if<Grayscale>(&transform)) {
        expect(grayscale->channels != 2, path, "grayscale makes 1 or 3 channels, got 2");
      }
      is_tensor = is_tensor || std::holds_alternative<ToTensor>(transform);
    }
  }

  void check_train(const TrainOptions& train) const {
    if (const auto* sgd = std::get_if<optim::SgdOptions>(&train.optimizer)) {
      expect(!sgd->nesterov || (sgd->momentum > 0 && sgd->dampening == 0),
             "train.optimizer.nesterov", "nesterov needs a momentum and no dampening");
    }
    if (const auto* schedule = std::get_if<nn::MultistepSchedule>(&train.schedule.kind)) {
      expect(std::is_sorted(schedule->milestones.begin(), schedule->milestones.end()),
             "train.schedule.milestones", "milestones must rise");
    }
  }

  void check_output(const OutputOptions& output) const {
    constexpr std::string_view kFormats[] = {"keras", "mxnet", "npz", "onnx"};
    for (const std::string& format : output.exports) {
      expect(std::count(std::begin(kFormats), std::end(kFormats), format) > 0, "output.export",
             "expected keras, mxnet, npz or onnx, got '", format, "'");
    }
    expect(!output.name.empty() && output.name.find('/') == output.name.npos, "output.name",
           "expected a file's name without a folder, got '", output.name, "'");
  }

  void check_hosts(const DistributedOptions& distributed) const {
    const auto& hosts = distributed.hosts;
    expect(hosts.size() <= 1, "distributed.hosts", "a job of ", hosts.size(),
           " hosts is not available in this build");
    expect(hosts.empty() || distributed.current_host.empty() ||
               hosts.front() == distributed.current_host,
           "distributed.current_host", "'", distributed.current_host, "' is not one of the hosts");
  }

  void check_device(const std::string& device) const {
    const bool has_index = device.starts_with("cuda:");
    const auto index = parse_number<int>(has_index ? device.substr(5) : "0");
    expect(device == "auto" || device == "cpu" || device == "cuda" ||
               (has_index && index && *index >= 0),
           "device", "expected auto, cpu, cuda or cuda:N, got '", device, "'");
  }

 private:
  template <typename... Parts>
  void expect(bool condition, const std::string& path, const Parts&... parts) const {
    if (!condition) mistake(places_.of(path), ": ", path, ": ", parts...);
  }

  void check_layers(const std::vector<Layer>& layers, const std::string& path) const {
    expect(!layers.empty(), path, "expected at least one layer");
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string element = path + "[" + std::to_string(i) + "]";
      std::visit([&](const auto& layer) { check_layer(layer, element); }, layers[i].kind);
      expect(!std::holds_alternative<HeadsLayer>(layers[i].kind) || i + 1 == layers.size(), element,
             "heads is the last layer");
    }
  }

  template <typename AnyLayer>
  void check_layer(const AnyLayer&, const std::string&) const {}

  void check_layer(const MaxPool2dLayer& pool, const std::string& path) const {
    check_pool(pool.kernel_size, pool.padding, path + ".max_pool2d.padding");
  }

  void check_layer(const AvgPool2dLayer& pool, const std::string& path) const {
    check_pool(pool.kernel_size, pool.padding, path + ".avg_pool2d.padding");
  }

  void check_pool(Size2d kernel, Size2d padding, const std::string& path) const {
    expect(padding.height <= kernel.height / 2 && padding.width <= kernel.width / 2, path,
           "expected at most half of kernel_size [", kernel.height, ", ", kernel.width, "], got [",
           padding.height, ", ", padding.width, "]");
  }

  void check_layer(const Conv2dLayer& conv, const std::string& path) const {
    expect(conv.out_channels % conv.groups == 0, path + ".conv2d.groups",
           "expected a divisor of out_channels ", conv.out_channels, ", got ", conv.groups);
  }

  void check_layer(const ResidualLayer& residual, const std::string& path) const {
    check_layers(residual.layers, path + ".residual.layers");
    if (!residual.shortcut.empty()) check_layers(residual.shortcut, path + ".residual.shortcut");
  }

  void check_layer(const HeadsLayer& heads, const std::string& path) const {
    expect(!heads.heads.empty(), path, "expected at least one head");
    for (const Head& head : heads.heads) {
      expect(!head.name.empty() && head.name.find('.') == head.name.npos, path,
             "a head's name has at least one character and no '.', got '", head.name, "'");
      check_layers(head.layers, path + ".heads.heads." + head.name);
    }
  }

  const Places& places_;
};

}  // namespace

void check_recipe(const Recipe& recipe, const Places& places) {
  const Checker checker(places);
  if (const auto* model = std::get_if<LayersModel>(&recipe.model)) {
    checker.check_model(*model);
    checker.check_loss(recipe.train.loss, model->layers);
  }
  checker.check_split(recipe.data.train, recipe.data.format, "data.train");
  checker.check_split(recipe.data.validation, recipe.data.format, "data.validation");
  checker.check_transform(recipe.data.transform);
  checker.check_train(recipe.train);
  checker.check_output(recipe.output);
  checker.check_hosts(recipe.distributed);
  checker.check_device(recipe.device);
}

}  // namespace smtrain::app
