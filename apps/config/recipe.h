// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "smtrain/apps/config/layer.h"

/// What a job is, as plain data: the options that a recipe file and the command line set, with
/// their defaults. What each key means and may hold is told once, in schema.cpp.
namespace smtrain::app {

// ---- model ------------------------------------------------------------------------------------

/// The classifier of three convolutions. Sizes that are unset are taken from the data.
struct NetModel {
  std::optional<int64_t> classes;
  std::optional<int64_t> channels;
  std::optional<Pair> image_size;
  double dropout = 0;

  bool operator==(const NetModel&) const = default;
};

/// The two convolutions and two linear layers of Keras' MNIST example.
struct MnistCnnModel {
  std::optional<int64_t> classes;
  std::optional<int64_t> channels;
  std::optional<Pair> image_size;
  double conv_dropout = 0.25;  // after the pooling
  double dense_dropout = 0.5;  // before the last layer

  bool operator==(const MnistCnnModel&) const = default;
};

/// A network of one's own.
struct LayersModel {
  std::vector<Layer> layers;

  bool operator==(const LayersModel&) const = default;
};

using ModelOptions = std::variant<NetModel, MnistCnnModel, LayersModel>;

// ---- data -------------------------------------------------------------------------------------

struct Resize {
  Pair size{};

  bool operator==(const Resize&) const = default;
};

struct CenterCrop {
  Pair size{};

  bool operator==(const CenterCrop&) const = default;
};

struct RandomCrop {
  Pair size{};
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
enum class Cache { none, ram, disk };
enum class Corrupt { skip, replace, fail };
enum class Exif { ignore, apply };

/// Where the samples of training or of validation are.
struct SplitOptions {
  std::string path;    // a folder (image_folder, idx, cifar) or a .npz file
  std::string images;  // instead of `path`: a file; with .npz: the name of the array in `path`
  std::string labels;

  bool operator==(const SplitOptions&) const = default;
};

struct DataOptions {
  DataFormat format = DataFormat::image_folder;
  SplitOptions train;
  SplitOptions validation;
  std::vector<Transform> transform;
  int64_t threads = 1;
  int64_t prefetch = 4;
  Cache cache = Cache::none;
  std::string cache_dir = "${TMPDIR:-/tmp}";
  Corrupt corrupt = Corrupt::fail;
  Exif exif = Exif::ignore;

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

struct Sgd {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  double weight_decay = 0;

  bool operator==(const Sgd&) const = default;
};

struct Adam {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;

  bool operator==(const Adam&) const = default;
};

/// Adam as Keras computes it: eps is not scaled by the bias correction.
struct KerasAdam {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-7;

  bool operator==(const KerasAdam&) const = default;
};

struct AdamW {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;

  bool operator==(const AdamW&) const = default;
};

struct Adadelta {
  double lr = 1;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;

  bool operator==(const Adadelta&) const = default;
};

struct Adagrad {
  double lr = 1e-2;
  double eps = 1e-10;
  double weight_decay = 0;

  bool operator==(const Adagrad&) const = default;
};

struct RmsProp {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;

  bool operator==(const RmsProp&) const = default;
};

/// RMSprop as TensorFlow computes it: eps inside the square root, averages that start at 1.
struct TfRmsProp {
  double lr = 1e-2;
  double alpha = 0.9;
  double eps = 1e-10;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;

  bool operator==(const TfRmsProp&) const = default;
};

using OptimizerOptions =
    std::variant<Sgd, Adam, KerasAdam, AdamW, Adadelta, Adagrad, RmsProp, TfRmsProp>;

struct ConstantSchedule {
  bool operator==(const ConstantSchedule&) const = default;
};

struct StepSchedule {
  int64_t step_size = 0;
  double gamma = 0.1;

  bool operator==(const StepSchedule&) const = default;
};

struct MultistepSchedule {
  std::vector<int64_t> milestones;
  double gamma = 0.1;

  bool operator==(const MultistepSchedule&) const = default;
};

struct CosineSchedule {
  double min_lr = 0;

  bool operator==(const CosineSchedule&) const = default;
};

struct OneCycleSchedule {
  double max_lr = 0;
  double pct_start = 0.3;
  double div_factor = 25;
  double final_div_factor = 1e4;

  bool operator==(const OneCycleSchedule&) const = default;
};

enum class ScheduleUnit { epoch, step };

/// How the learning rate moves.
struct ScheduleOptions {
  std::variant<ConstantSchedule, StepSchedule, MultistepSchedule, CosineSchedule, OneCycleSchedule>
      kind;
  ScheduleUnit unit = ScheduleUnit::epoch;  // of step_size, milestones and warmup
  int64_t warmup = 0;                       // the rate rises linearly for so many units
  double warmup_start = 0;                  // from this part of it

  bool operator==(const ScheduleOptions&) const = default;
};

enum class Save { last, best };
enum class Initializer { pytorch, keras };

struct TrainOptions {
  int64_t epochs = 10;
  std::optional<int64_t> max_steps;
  int64_t batch_size = 32;
  std::optional<int64_t> test_batch_size;  // unset: batch_size
  int64_t seed = 1;
  LossOptions loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  int64_t eval_every = 1;          // epochs
  std::optional<int64_t> threads;  // compute threads; unset: all processors
  Save save = Save::last;
  bool capture = true;
  Initializer initializer = Initializer::pytorch;

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

enum class LogStyle { pytorch };
enum class LogLevel { debug, info, warning, error };

struct LogOptions {
  LogStyle style = LogStyle::pytorch;
  int64_t interval = 100;  // steps
  LogLevel level = LogLevel::info;

  bool operator==(const LogOptions&) const = default;
};

enum class SampleCounter { samples, batch_len };

/// The articles' bugs, each reproduced only when asked for.
struct QuirksOptions {
  /// batch_len: a log line counts batches times the size of the current one, so that the last,
  /// shorter batch prints less than the line before it.
  SampleCounter sample_counter = SampleCounter::samples;

  bool operator==(const QuirksOptions&) const = default;
};

enum class PthFormat { zip, legacy };

struct OutputOptions {
  std::string dir = "${SM_OUTPUT_DATA_DIR:-output}";
  std::string model_dir = "${SM_MODEL_DIR:-output}";
  PthFormat pth_format = PthFormat::zip;
  bool pth_module_prefix = false;

  bool operator==(const OutputOptions&) const = default;
};

enum class Precision { f32 };

struct Recipe {
  ModelOptions model;
  DataOptions data;
  TrainOptions train;
  DistributedOptions distributed;
  std::string device = "auto";  // auto, cpu, cuda or cuda:N
  Precision precision = Precision::f32;
  LogOptions log;
  QuirksOptions quirks;
  OutputOptions output;

  bool operator==(const Recipe&) const = default;
};

}  // namespace smtrain::app
