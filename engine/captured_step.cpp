// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/captured_step.h"

#include "smtrain/engine/allocator.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/memory_plan.h"
#include "smtrain/engine/tape.h"

#include <algorithm>
#include <utility>

namespace smtrain {
namespace {

// Whether this thread is in a captured step: one arena and one plan serve one step at a time.
thread_local bool step_runs = false;

class StepScope {
 public:
  StepScope() {
    check(!step_runs,
          "captured step: called inside another one, whose memory it would use; call its function "
          "there");
    step_runs = true;
  }
  ~StepScope() { step_runs = false; }
  StepScope(const StepScope&) = delete;
  StepScope& operator=(const StepScope&) = delete;
};

// Lets a plan observe or serve this thread's allocations for a scope.
class PlanScope {
 public:
  PlanScope(Allocator& allocator, MemoryPlan& plan) : allocator_(allocator), plan_(plan) {
    allocator_.set_plan(&plan);
  }
  ~PlanScope() {
    allocator_.set_plan(nullptr);
    plan_.end_serving();
  }
  PlanScope(const PlanScope&) = delete;
  PlanScope& operator=(const PlanScope&) = delete;

 private:
  Allocator& allocator_;
  MemoryPlan& plan_;
};

class TapeScope {
 public:
  TapeScope(Context& context, Tape& tape) : context_(context) { context_.set_tape(&tape); }
  ~TapeScope() { context_.set_tape(nullptr); }
  TapeScope(const TapeScope&) = delete;
  TapeScope& operator=(const TapeScope&) = delete;

 private:
  Context& context_;
};

// Records what is called on a device's stream, and does not run it.
class CaptureScope {
 public:
  CaptureScope(Device device, Stream stream) : device_(device), stream_(stream) {
    device_.memory().begin_capture(stream_);
    throw_reported_failure(device_);
  }
  // After an exception: what was recorded is dropped.
  ~CaptureScope() {
    if (is_open_) drop(device_.memory().end_capture(stream_));
  }
  CaptureScope(const CaptureScope&) = delete;
  CaptureScope& operator=(const CaptureScope&) = delete;

  /// The recording, which the caller destroys.
  void* end() {
    is_open_ = false;
    void* recording = device_.memory().end_capture(stream_);
    throw_reported_failure(device_);
    return recording;
  }

 private:
  void drop(void* recording) {
    if (recording != nullptr) device_.memory().destroy_recording(recording);
    device_.memory().take_failure();
  }

  Device device_;
  Stream stream_;
  bool is_open_ = true;
};

}  // namespace

struct CapturedStep::Recording {
  enum class Stage { observe, plan, record, replay };

  Context* context;  // whose generator and arena the recorded calls use
  Stage stage = Stage::observe;
  std::vector<Tensor> inputs;
  std::vector<Tensor> results;
  MemoryPlan plan;
  std::shared_ptr<Storage> arena;
  Tape tape;
  void* on_device = nullptr;  // the device's own recording, where it makes one
  int64_t replays = 0;

  Recording() = default;
  ~Recording() {
    if (on_device != nullptr) context->device().memory().destroy_recording(on_device);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void run(const Function& function);
  void record(const Function& function);
  void run_on_device() const;
};

CapturedStep::CapturedStep(Function function, bool capture)
    : function_(std::move(function)), capture_(capture) {}
CapturedStep::~CapturedStep() = default;
CapturedStep::CapturedStep(CapturedStep&&) noexcept = default;
CapturedStep& CapturedStep::operator=(CapturedStep&&) noexcept = default;

CapturedStep::Recording& CapturedStep::recording_for(std::span<const Tensor> inputs) {
  const auto alike = [](const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && a.dtype() == b.dtype() && a.strides() == b.strides();
  };
  for (const auto& recording : recordings_) {
    if (std::equal(inputs.begin(), inputs.end(), recording->inputs.begin(), recording->inputs.end(),
                   alike)) {
      check(recording->context == &Context::current(),
            "captured step: recorded under another context; each context needs a captured step of "
            "its own");
      return *recording;
    }
  }
  auto recording = std::make_unique<Recording>();
  recording->context = &Context::current();
  const Device device = recording->context->device();
  // Made now, it is no part of the memory that a plan observes.
  if (recording->context->draws_philox(device)) recording->context->philox_key(device);
  for (const Tensor& input : inputs) {
    check(input.is_dense(), "captured step: inputs must be dense, got strides ", input.strides(),
          " for shape ", input.shape());
    recording->inputs.push_back(
        empty_strided(input.shape(), input.strides(), input.dtype(), device));
  }
  recordings_.push_back(std::move(recording));
  return *recordings_.back();
}

std::span<const Tensor> CapturedStep::inputs_like(std::span<const Tensor> inputs) {
  return recording_for(inputs).inputs;
}

const std::vector<Tensor>& CapturedStep::operator()(std::span<const Tensor> inputs) {
  if (!capture_) {
    std::vector<Tensor> here;
    for (const Tensor& input : inputs)
      here.push_back(on_device(input, Context::current().device()));
    return uncaptured_results_ = function_(here);
  }
  const StepScope scope;
  Recording& recording = recording_for(inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].data() != recording.inputs[i].data()) copy_into(inputs[i], recording.inputs[i]);
  }
  recording.run(function_);
  return recording.results;
}

void CapturedStep::Recording::run(const Function& function) {
  if (stage == Stage::replay) {
    on_device != nullptr ? run_on_device() : tape.replay();
    ++replays;
    return;
  }

  const Device device = context->device();
  Allocator& allocator = *context->allocator(device);
  results.clear();
  if (stage == Stage::observe) {
    plan = MemoryPlan();
    {
      const PlanScope scope(allocator, plan);
      results = function(inputs);
    }
    plan.place();
    stage = Stage::plan;
    return;
  }

  if (stage == Stage::plan) allocator.release_cached();  // what the first run used
  arena.reset();
  arena = context->arena(device, plan.arena_bytes());
  plan.begin_serving({arena, arena->data()});
  tape = Tape();
  {
    const PlanScope scope(allocator, plan);
    if (stage == Stage::plan) {
      results = function(inputs);
    } else {
      record(function);
    }
  }
  // A step that asks for other memory than before (state made in its first run) is observed again.
  if (!plan.matched()) {
    stage = Stage::observe;
  } else {
    stage = stage == Stage::plan ? Stage::record : Stage::replay;
  }
}

// Runs the function while its calls are kept: by the device, which then runs them for the first
// time, or on the tape.
void CapturedStep::Recording::record(const Function& function) {
  const Device device = context->device();
  const TapeScope recording(*context, tape);
  if (device.memory().begin_capture == nullptr) {
    results = function(inputs);
    return;
  }
  CaptureScope capture(device, context->stream(device));
  results = function(inputs);
  if (on_device != nullptr) device.memory().destroy_recording(on_device);
  on_device = capture.end();
  run_on_device();
}

void CapturedStep::Recording::run_on_device() const {
  const Device device = context->device();
  device.memory().run_recording(on_device, context->stream(device));
  throw_reported_failure(device);
}

void CapturedStep::reset() { recordings_.clear(); }

int64_t CapturedStep::replays() const {
  int64_t total = 0;
  for (const auto& recording : recordings_) total += recording->replays;
  return total;
}

int64_t CapturedStep::kernels() const {
  int64_t most = 0;
  for (const auto& recording : recordings_) {
    const DeviceTable& device = recording->context->device().memory();
    if (recording->on_device != nullptr && device.recorded_kernels != nullptr)
      most = std::max(most, device.recorded_kernels(recording->on_device));
  }
  return most;
}

size_t CapturedStep::arena_bytes() const {
  size_t largest = 0;
  for (const auto& recording : recordings_)
    largest = std::max(largest, recording->plan.arena_bytes());
  return largest;
}

size_t CapturedStep::input_bytes() const {
  size_t total = 0;
  for (const auto& recording : recordings_) {
    for (const Tensor& input : recording->inputs) total += input.storage()->size_bytes();
  }
  return total;
}

}  // namespace smtrain
