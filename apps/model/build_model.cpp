// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/model/build_model.h"

#include "smtrain/apps/model/build_layers.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"

#include <string_view>

namespace smtrain::app {
namespace {

/// What a named model is made for: the data, which the recipe may repeat but not contradict.
class ModelBuilder {
 public:
  ModelBuilder(const Shape& input, int64_t classes, int64_t max_parameters)
      : input_(input), classes_(classes), max_parameters_(max_parameters) {
    check(input.ndim() == 3 && input.numel() >= 1, "build_model: expected input [C, H, W], got ",
          input);
    check(classes >= 1, "build_model: expected at least one class, got ", classes);
  }

  nn::ModulePtr operator()(const NetModel& model) const {
    check_agreement(model);
    return build<nn::Net>("net", nn::NetOptions{.classes = classes_,
                                                .in_channels = input_[0],
                                                .image_size = image_size(),
                                                .dropout = model.dropout});
  }

  nn::ModulePtr operator()(const MnistCnnModel& model) const {
    check_agreement(model);
    return build<nn::MnistCnn>("mnist_cnn",
                               nn::MnistCnnOptions{.classes = classes_,
                                                   .in_channels = input_[0],
                                                   .image_size = image_size(),
                                                   .conv_dropout = model.conv_dropout,
                                                   .dense_dropout = model.dense_dropout});
  }

  template <int64_t kDepth>
  nn::ModulePtr operator()(const ResNetModel<kDepth>& model) const {
    check_agreement(model);
    return build<nn::ResNet>(
        "resnet",
        nn::ResNetOptions{.depth = kDepth, .classes = classes_, .in_channels = input_[0]});
  }

  nn::ModulePtr operator()(const LayersModel& model) const {
    return build_layers(model.layers, input_, classes_, max_parameters_);
  }

 private:
  Size2d image_size() const { return {input_[1], input_[2]}; }

  void check_agreement(const NamedModel& model) const {
    check(model.classes.value_or(classes_) == classes_, "model.classes is ",
          model.classes.value_or(0), ", but the data has ", classes_, " classes");
    check(model.channels.value_or(input_[0]) == input_[0], "model.channels is ",
          model.channels.value_or(0), ", but the images have ", input_[0]);
    const Size2d size = model.image_size.value_or(image_size());
    check(size == image_size(), "model.image_size is ", size, ", but the images are ",
          image_size());
  }

  template <typename Model, typename Options>
  nn::ModulePtr build(const char* name, const Options& options) const {
    const int64_t parameters = Model::parameter_count(options);
    check(parameters <= max_parameters_, "model ", name, ": ", image_size(), " pixels and ",
          classes_, " classes need ", parameters, " parameters, more than ", max_parameters_);
    return std::make_shared<Model>(options);
  }

  Shape input_;
  int64_t classes_, max_parameters_;
};

}  // namespace

nn::ModulePtr build_model(const ModelOptions& options, const Shape& input, int64_t classes,
                          int64_t max_parameters) {
  return std::visit(ModelBuilder(input, classes, max_parameters), options);
}

}  // namespace smtrain::app
