// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/layer.h"
#include "smtrain/data/readable_samples.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/optim/adadelta.h"
#include "smtrain/nn/optim/adagrad.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/rmsprop.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/nn/schedule.h"

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

/// What a job is, as plain data: the options that a recipe file and the command line set, with
/// their defaults. What each key means and may hold is told once, in
/// schema.cpp and the {layer,train,transform}_schema.cpp beside it.
namespace smtrain::app {

// ---- model ------------------------------------------------------------------------------------

/// What every model of a name has. Sizes that are unset are taken from the data.
struct NamedModel {
  std::optional<int64_t> classes;
  std::optional<int64_t> channels;
  std::optional<Size2d> image_size;
  std::string pretrained;  // a file or folder of weights to begin with; empty: none

  bool operator==(const NamedModel&) const = default;
};

/// The classifier of three convolutions.
struct NetModel : NamedModel {
  double dropout = 0;

  bool operator==(const NetModel&) const = default;
};

/// The two convolutions and two linear layers of Keras' MNIST example.
struct MnistCnnModel : NamedModel {
  double conv_dropout = 0.25;  // after the pooling
  double dense_dropout = 0.5;  // before the last layer

  bool operator==(const MnistCnnModel&) const = default;
};

/// A residual network of so many layers (nn/models/resnet.h).
template <int64_t kDepth>
struct ResNetModel : NamedModel {
  static constexpr int64_t depth = kDepth;

  bool operator==(const ResNetModel&) const = default;
};

/// A network of one's own.
struct LayersModel {
  std::vector<Layer> layers;
  std::string pretrained;

  bool operator==(const LayersModel&) const = default;
};

using ModelOptions =
    std::variant<NetModel, MnistCnnModel, ResNetModel<18>, ResNetModel<34>, ResNetModel<50>,
                 ResNetModel<101>, ResNetModel<152>, ResNetModel<200>, ResNetModel<20>,
                 ResNetModel<32>, ResNetModel<44>, ResNetModel<56>, ResNetModel<110>, LayersModel>;

// ---- data -------------------------------------------------------------------------------------

struct Resize {
  std::vector<int64_t> size;  // height and width, or the shorter side

  bool operator==(const Resize&) const = default;
};

struct CenterCrop {
  Size2d size = 0;

  bool operator==(const CenterCrop&) const = default;
};

struct RandomCrop {
  Size2d size = 0;
  int64_t padding = 0;  // pixels of zeros added on every side first

  bool operator==(const RandomCrop&) const = default;
};

struct RandomHorizontalFlip {
  double p = 0.5;

  bool operator==(const RandomHorizontalFlip&) const = default;
};

struct RandomVerticalFlip {
  double p = 0.5;

  bool operator==(const RandomVerticalFlip&) const = default;
};

struct Grayscale {
  int64_t channels = 1;

  bool operator==(const Grayscale&) const = default;
};

struct ToTensor {
  bool operator==(const ToTensor&) const = default;
};

struct Normalize {
  std::vector<double> mean;  // one for each channel
  std::vector<double> std;

  bool operator==(const Normalize&) const = default;
};

using Transform = std::variant<Resize, CenterCrop, RandomCrop, RandomHorizontalFlip,
                               RandomVerticalFlip, Grayscale, ToTensor, Normalize>;

enum class DataFormat { image_folder, idx, npz, cifar };
enum class Exif { ignore, apply };

/// Where the samples of training or of validation are.
struct SplitOptions {
  std::string path;    // a folder (image_folder, idx, cifar) or a .npz file
  std::string images;  // instead of `path`: a file; with .npz: the name of the array in `path`
  std::string labels;

  bool is_given() const { return !path.empty() || !images.empty(); }

  bool operator==(const SplitOptions&) const = default;
};

/// Where decoded pictures are kept.
enum class Cache {
  automatic,  // as `device` where a GPU computes and they fit, else as `none`
  none,
  ram,     // and where a GPU computes in its memory too, if they fit
  disk,    // likewise
  device,  // as `ram`, and where a GPU computes in its memory
};

struct DataOptions {
  DataFormat format = DataFormat::image_folder;
  SplitOptions train;
  SplitOptions validation;
  std::vector<Transform> transform;
  std::optional<Size2d> image_size;  // takes the place of the size of the transform's resize
  int64_t threads = 1;
  int64_t prefetch = 4;
  Cache cache = Cache::automatic;
  std::string cache_dir;  // empty: the system's folder for temporary files
  data::CorruptPolicy corrupt = data::CorruptPolicy::fail;
  Exif exif = Exif::ignore;
  std::optional<int64_t> limit;  // samples of each split
  double fraction = 1;           // of each class of each split

  bool operator==(const DataOptions&) const = default;
};

// ---- train ------------------------------------------------------------------------------------

struct NllLoss {
  std::vector<double> class_weights;  // empty: every class counts 1
  int64_t ignore_index = -100;

  bool operator==(const NllLoss&) const = default;
};

struct CrossEntropyLoss {
  std::vector<double> class_weights;  // empty: every class counts 1
  double label_smoothing = 0;
  int64_t ignore_index = -100;

  bool operator==(const CrossEntropyLoss&) const = default;
};

using LossOptions = std::variant<NllLoss, CrossEntropyLoss>;

using OptimizerOptions =
    std::variant<optim::SgdOptions, optim::AdamOptions, optim::KerasAdamOptions,
                 optim::AdamWOptions, optim::AdadeltaOptions, optim::AdagradOptions,
                 optim::RmspropOptions, optim::TensorflowRmspropOptions>;

/// Parameters that a pattern names (nn/freeze.h), with a learning rate and a decay of their own;
/// unset: the optimizer's.
struct NamedParameters {
  std::vector<std::string> match;
  std::optional<double> lr;  // at the beginning: schedules move it as they move the optimizer's
  std::optional<double> weight_decay;

  bool operator==(const NamedParameters&) const = default;
};

/// Every child of the model learns slower than the one after it.
struct ParametersByDepth {
  double lr_decay = 0.5;  // times the rate of the next child

  bool operator==(const ParametersByDepth&) const = default;
};

using ParameterRule = std::variant<NamedParameters, ParametersByDepth>;

/// What weight decay pulls: everything, or neither biases nor what batch norms learn.
enum class Decay { all, weights };

enum class Save { last, best };
enum class Initializer { pytorch, keras };

struct TrainOptions {
  int64_t epochs = 10;
  std::optional<int64_t> max_steps;
  int64_t batch_size = 32;
  std::optional<int64_t> test_batch_size;  // unset: batch_size
  int64_t seed = 1;
  LossOptions loss;  // unset: nll for a model that ends in log_softmax, else cross_entropy
  OptimizerOptions optimizer;
  nn::Schedule schedule;
  int64_t eval_every = 1;
  nn::ScheduleUnit eval_unit = nn::ScheduleUnit::epoch;  // of eval_every
  std::optional<int64_t> threads;                        // compute threads; unset: all processors
  Save save = Save::last;
  bool check_evaluation = true;
  bool capture = true;
  bool time_plans = true;
  Initializer initializer = Initializer::pytorch;
  std::vector<std::string> freeze;     // patterns of parameters that stay as they are
  std::optional<int64_t> unfreeze_at;  // the epoch that trains everything again; unset: none
  std::vector<ParameterRule> groups;
  Decay decay = Decay::all;

  int64_t evaluation_batch_size() const { return test_batch_size.value_or(batch_size); }

  bool operator==(const TrainOptions&) const = default;
};

// ---- everything else --------------------------------------------------------------------------

/// One process: the keys are what the articles' scripts are started with, and a job of several
/// hosts is refused.
struct DistributedOptions {
  std::string backend = "auto";
  std::vector<std::string> hosts;
  std::string current_host;

  bool operator==(const DistributedOptions&) const = default;
};

enum class LogStyle { pytorch, pytorch_script, keras };
enum class LogLevel { automatic, debug, info, warning, error };

struct LogOptions {
  LogStyle style = LogStyle::pytorch;
  int64_t interval = 100;                // steps
  LogLevel level = LogLevel::automatic;  // SM_LOG_LEVEL's, else info

  bool operator==(const LogOptions&) const = default;
};

enum class Floatx { float32 };

/// Where an array of pictures has its channels: [N, H, W, C] or [N, C, H, W].
enum class ImageDataFormat { channels_last, channels_first };

/// What Keras keeps in ~/.keras/keras.json.
struct KerasOptions {
  /// The eps of Keras' optimizers that are given none. Keras clips probabilities to [epsilon,
  /// 1 - epsilon] too, before it takes their logarithm: the losses here take scores or
  /// log-probabilities, which need no clip. The epsilon of its BatchNormalization is another, 1e-3.
  double epsilon = 1e-7;
  Floatx floatx = Floatx::float32;
  ImageDataFormat image_data_format = ImageDataFormat::channels_last;  // of npz and npy files
  std::string backend;                                                 // nothing depends on it

  bool operator==(const KerasOptions&) const = default;
};

enum class SampleCounter { samples, batch_len };
enum class TestLoss { mean, sum_of_batch_means };
enum class SetEpoch { every_epoch, never };
enum class KerasLr { used, ignored };
enum class SamplerOrder { sequential, test_shuffled };

/// The articles' bugs, each reproduced only when asked for.
struct QuirksOptions {
  /// batch_len: a log line counts batches times the size of the current one, so that the last,
  /// shorter batch prints less than the line before it.
  SampleCounter sample_counter = SampleCounter::samples;

  /// sum_of_batch_means: a validation loss adds the means of the batches and divides by the number
  /// of samples, so that it is as many times too small as a batch has samples.
  TestLoss test_loss = TestLoss::mean;

  /// never: among several processes, every epoch has the order of the first.
  SetEpoch set_epoch = SetEpoch::every_epoch;

  /// ignored: the optimizer's own default is the learning rate, whatever train.optimizer.lr says.
  KerasLr keras_lr = KerasLr::used;

  /// test_shuffled: validation shuffles its data too, which takes one more draw from the job's
  /// generator each time.
  SamplerOrder sampler_order = SamplerOrder::sequential;

  bool operator==(const QuirksOptions&) const = default;
};

struct OutputOptions {
  std::string dir = "${SM_OUTPUT_DATA_DIR:-}";  // empty: a new run folder
  std::string model_dir = "${SM_MODEL_DIR:-}";  // empty: dir
  nn::PytorchFormat pth_format = nn::PytorchFormat::zip;
  bool pth_module_prefix = false;
  std::vector<std::string> exports;  // formats that the model is written in too
  std::string name = "model";        // of those files, without their endings

  bool operator==(const OutputOptions&) const = default;
};

/// What a recipe begins with, in place of the defaults (presets.h).
enum class Preset { none, finetune, linear_probe };

struct Recipe {
  Preset preset = Preset::none;
  ModelOptions model;
  DataOptions data;
  TrainOptions train;
  DistributedOptions distributed;
  std::string device = "auto";  // auto, cpu, cuda or cuda:N
  Precision precision = Precision::f32;
  RngKind rng = RngKind::pytorch;  // of dropout on the CPU; GPUs always draw Philox
  LogOptions log;
  KerasOptions keras;
  QuirksOptions quirks;
  OutputOptions output;

  bool operator==(const Recipe&) const = default;
};

/// The learning rate that an optimizer's options give.
inline double base_lr(const OptimizerOptions& options) {
  return std::visit([](const auto& o) { return o.lr; }, options);
}

/// The optimizer that a recipe trains with: the one that it names or, where quirks.keras_lr has the
/// learning rate ignored, that one with its default.
inline OptimizerOptions optimizer_in_use(const Recipe& recipe) {
  OptimizerOptions options = recipe.train.optimizer;
  if (recipe.quirks.keras_lr == KerasLr::ignored) {
    std::visit([](auto& o) { o.lr = std::remove_reference_t<decltype(o)>().lr; }, options);
  }
  return options;
}

}  // namespace smtrain::app
