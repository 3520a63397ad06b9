// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/conv2d.h"

#include "smtrain/kernels/cpu/column_sums.h"
#include "smtrain/kernels/cpu/conv2d_direct.h"
#include "smtrain/kernels/cpu/conv2d_dnnl.h"
#include "smtrain/kernels/cpu/convert.h"
#include "smtrain/kernels/cpu/relu.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <stdexcept>

namespace smtrain::cpu {
namespace {

// What the fused operations want to find in the L2 caches: the output of some images.
constexpr int64_t kCacheBytes = int64_t{2} << 20;

template <typename T>
constexpr bool kIsHalf = sizeof(T) == 2;

using MakeDnnl = std::optional<DnnlConv2d> (*)(const Conv2dShape&, DType);

// A direction by oneDNN: of bf16 in bf16 where this machine can, else in f32.
std::optional<DnnlConv2d> by_dnnl(MakeDnnl make, const Conv2dShape& shape) {
  if (shape.dtype == DType::bf16) {
    if (auto direct = make(shape, DType::bf16)) return direct;
  }
  return make(shape, DType::f32);
}

// How one shape is computed with one number of threads: float32 by oneDNN, or by plain loops in the
// directions where oneDNN has no kernel; float64 by plain loops; 16-bit types in float32, converted
// in the workspace, except for bf16 where oneDNN takes it as it is.
struct CpuPlan {
  Conv2dShape shape;
  int threads;
  std::optional<DnnlConv2d> forward, backward_input, backward_weight;

  CpuPlan(const Conv2dShape& shape, int threads) : shape(shape), threads(threads) {
    if (shape.dtype == DType::f64) return;
    forward = by_dnnl(DnnlConv2d::forward, shape);
    backward_input = by_dnnl(DnnlConv2d::backward_input, shape);
    backward_weight = by_dnnl(DnnlConv2d::backward_weight, shape);
  }

  // Whether oneDNN computes a direction in the shape's own dtype.
  bool is_direct(const std::optional<DnnlConv2d>& direction) const {
    return direction && direction->dtype() == shape.dtype;
  }

  size_t workspace_bytes(const std::optional<DnnlConv2d>& direction, int64_t converted) const {
    const bool converts = size_of(shape.dtype) == 2 && !is_direct(direction);
    const size_t element = shape.dtype == DType::f64 ? sizeof(double) : sizeof(float);
    return (converts ? static_cast<size_t>(converted) * sizeof(float) + kConverted * kAlignment
                     : 0) +
           (direction ? direction->workspace_bytes()
                      : static_cast<size_t>(shape.weight_numel()) * element);
  }

  static constexpr size_t kAlignment = 64;
  static constexpr size_t kConverted = 4;  // at most: x, weight, bias and y

  Conv2dPlan described() const {
    const int64_t weight = shape.weight_numel();
    const int64_t image_bytes =
        shape.y_numel() / shape.batch * static_cast<int64_t>(size_of(shape.dtype));
    int64_t images =
        std::clamp<int64_t>(kCacheBytes / std::max<int64_t>(1, image_bytes), 1, shape.batch);
    while (shape.batch % images != 0) --images;
    return {
        .handle = this,
        .forward_workspace_bytes = workspace_bytes(
            forward, shape.x_numel() + weight + shape.out_channels + shape.y_numel()),
        .backward_input_workspace_bytes =
            workspace_bytes(backward_input, shape.y_numel() + weight + shape.x_numel()),
        .backward_weight_workspace_bytes =
            workspace_bytes(backward_weight, shape.x_numel() + shape.y_numel() + weight),
        .images_in_cache = images,
    };
  }
};

// Plans are made once and never dropped: a captured step may hold one for ever.
const CpuPlan& plan_of(const Conv2dShape& shape) {
  static std::mutex mutex;
  static std::list<CpuPlan> plans;
  const int threads = omp_get_max_threads();
  const std::lock_guard lock(mutex);
  for (const CpuPlan& plan : plans) {
    if (plan.threads == threads && plan.shape == shape) return plan;
  }
  return plans.emplace_back(shape, threads);
}

const CpuPlan& checked_plan(const void* handle) {
  const auto& plan = *static_cast<const CpuPlan*>(handle);
  if (plan.threads != omp_get_max_threads()) {
    throw std::runtime_error("the plan is for " + std::to_string(plan.threads) +
                             " compute threads, the context has " +
                             std::to_string(omp_get_max_threads()));
  }
  return plan;
}

// Takes pieces from the front of a workspace.
class Workspace {
 public:
  explicit Workspace(void* data) : next_(static_cast<std::byte*>(data)) {}

  float* take(int64_t count) {
    float* const piece = reinterpret_cast<float*>(next_);
    next_ += (static_cast<size_t>(count) * sizeof(float) + CpuPlan::kAlignment - 1) /
             CpuPlan::kAlignment * CpuPlan::kAlignment;
    return piece;
  }

  template <typename T>
  const float* take_converted(int64_t count, const T* values) {
    float* const piece = take(count);
    convert(count, values, piece);
    return piece;
  }

  void* rest() const { return next_; }

 private:
  std::byte* next_;
};

template <typename T>
void forward(const CpuPlan& plan, const T* x, const T* weight, const T* bias, T* y,
             void* workspace) {
  const Conv2dShape& s = plan.shape;
  if (plan.is_direct(plan.forward)) {
    plan.forward->run_forward(x, weight, bias, y, workspace);
  } else if constexpr (kIsHalf<T>) {
    Workspace space(workspace);
    const float* x32 = space.take_converted(s.x_numel(), x);
    const float* weight32 = space.take_converted(s.weight_numel(), weight);
    const float* bias32 = bias != nullptr ? space.take_converted(s.out_channels, bias) : nullptr;
    float* y32 = space.take(s.y_numel());
    if (plan.forward) {
      plan.forward->run_forward(x32, weight32, bias32, y32, space.rest());
    } else {
      direct_conv2d<float>(s, x32, weight32, bias32, y32, static_cast<float*>(space.rest()));
    }
    convert(s.y_numel(), y32, y);
  } else {
    direct_conv2d<T>(s, x, weight, bias, y, static_cast<T*>(workspace));
  }
}

template <typename T>
void backward_input(const CpuPlan& plan, const T* dy, const T* weight, T* dx, void* workspace) {
  const Conv2dShape& s = plan.shape;
  if (plan.is_direct(plan.backward_input)) {
    plan.backward_input->run_backward_input(dy, weight, dx, workspace);
  } else if constexpr (kIsHalf<T>) {
    Workspace space(workspace);
    const float* dy32 = space.take_converted(s.y_numel(), dy);
    const float* weight32 = space.take_converted(s.weight_numel(), weight);
    float* dx32 = space.take(s.x_numel());
    if (plan.backward_input) {
      plan.backward_input->run_backward_input(dy32, weight32, dx32, space.rest());
    } else {
      direct_conv2d_backward_input<float>(s, dy32, weight32, dx32,
                                          static_cast<float*>(space.rest()));
    }
    convert(s.x_numel(), dx32, dx);
  } else {
    direct_conv2d_backward_input<T>(s, dy, weight, dx, static_cast<T*>(workspace));
  }
}

template <typename T, typename Gradient>
void backward_weight(const CpuPlan& plan, const T* x, const T* dy, Gradient* dw, bool accumulate,
                     void* workspace) {
  const Conv2dShape& s = plan.shape;
  if (plan.is_direct(plan.backward_weight)) {
    plan.backward_weight->run_backward_weight(x, dy, dw, accumulate, workspace);
  } else if constexpr (kIsHalf<T>) {
    Workspace space(workspace);
    const float* x32 = space.take_converted(s.x_numel(), x);
    const float* dy32 = space.take_converted(s.y_numel(), dy);
    float* dw32 = space.take(s.weight_numel());
    if (accumulate) convert(s.weight_numel(), dw, dw32);
    if (plan.backward_weight) {
      plan.backward_weight->run_backward_weight(x32, dy32, dw32, accumulate, space.rest());
    } else {
      direct_conv2d_backward_weight<float>(s, x32, dy32, dw32, accumulate,
                                           static_cast<float*>(space.rest()));
    }
    convert(s.weight_numel(), dw32, dw);
  } else {
    direct_conv2d_backward_weight<T>(s, x, dy, dw, accumulate, static_cast<T*>(workspace));
  }
}

}  // namespace

void conv2d_plan(const Conv2dPlanArgs& args, Stream) {
  reporting_failure("conv2d_plan", [&] { *args.plan = plan_of(args.shape).described(); });
}

void conv2d_forward(const Conv2dArgs& args, Stream) {
  reporting_failure("conv2d_forward", [&] {
    const CpuPlan& plan = checked_plan(args.plan);
    dispatch_floating(plan.shape.dtype, [&]<typename T>() {
      T* y = static_cast<T*>(args.y);
      forward<T>(plan, static_cast<const T*>(args.x), static_cast<const T*>(args.weight),
                 static_cast<const T*>(args.bias), y, args.workspace);
      if (args.relu) relu_in_place(plan.shape.y_numel(), y);
    });
  });
}

void conv2d_backward_input(const Conv2dBackwardInputArgs& args, Stream) {
  reporting_failure("conv2d_backward_input", [&] {
    const CpuPlan& plan = checked_plan(args.plan);
    dispatch_floating(plan.shape.dtype, [&]<typename T>() {
      backward_input<T>(plan, static_cast<const T*>(args.dy), static_cast<const T*>(args.weight),
                        static_cast<T*>(args.dx), args.workspace);
    });
  });
}

void conv2d_backward_weight(const Conv2dBackwardWeightArgs& args, Stream) {
  reporting_failure("conv2d_backward_weight", [&] {
    const CpuPlan& plan = checked_plan(args.plan);
    const Conv2dShape& s = plan.shape;
    dispatch_floating(s.dtype, s.gradient_dtype, [&]<typename T, typename Gradient>() {
      const T* dy = static_cast<const T*>(args.dy);
      if (args.dw != nullptr) {
        backward_weight(plan, static_cast<const T*>(args.x), dy, static_cast<Gradient*>(args.dw),
                        args.accumulate_weight, args.workspace);
      }
      if (args.db != nullptr) {
        column_sums(s.batch * s.out_height * s.out_width, s.out_channels, dy,
                    static_cast<Gradient*>(args.db), args.accumulate_bias);
      }
    });
  });
}

}  // namespace smtrain::cpu
