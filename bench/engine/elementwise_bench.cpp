// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/dropout.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/engine/ops/view.h"

#include <benchmark/benchmark.h>
#include <omp.h>

namespace smtrain {
namespace {

// The activations of the MNIST CNN's second convolution at batch 128, and rows of 1000 classes.
const Shape kActivations = {128, 64, 24, 24};
const Shape kScores = {256, 1000};

Tensor activations(MemoryFormat format = MemoryFormat::channels_last) {
  return full(kActivations, 0.5, {.format = format});
}

// Bytes that an f32 op of `tensors` tensors of x's size moves through memory.
void set_bytes(benchmark::State& state, const Tensor& x, int tensors) {
  state.SetBytesProcessed(state.iterations() * x.numel() * 4 * tensors);
}

void relu_forward(benchmark::State& state) {
  const Tensor x = activations();
  for (auto _ : state) benchmark::DoNotOptimize(relu(x).data());
  set_bytes(state, x, 2);
}
BENCHMARK(relu_forward)->UseRealTime();

void relu_forward_backward(benchmark::State& state) {
  Tensor x = activations();
  const Tensor dy = activations();
  for (auto _ : state) {
    x.set_requires_grad(false).set_requires_grad(true);
    backward(relu(x), dy);
  }
  set_bytes(state, x, 5);
}
BENCHMARK(relu_forward_backward)->UseRealTime();

void exp_forward(benchmark::State& state) {
  const Tensor x = activations();
  for (auto _ : state) benchmark::DoNotOptimize(exp(x).data());
  set_bytes(state, x, 2);
}
BENCHMARK(exp_forward)->UseRealTime();

void add_same_shape(benchmark::State& state) {
  const Tensor a = activations(), b = activations();
  for (auto _ : state) benchmark::DoNotOptimize(add(a, b).data());
  set_bytes(state, a, 3);
}
BENCHMARK(add_same_shape)->UseRealTime();

void add_per_channel(benchmark::State& state) {
  const Tensor a = activations(), b = ones({64, 1, 1});
  for (auto _ : state) benchmark::DoNotOptimize(add(a, b).data());
  set_bytes(state, a, 2);
}
BENCHMARK(add_per_channel)->UseRealTime();

void copy_same_order(benchmark::State& state) {
  const Tensor x = activations(), y = activations();
  for (auto _ : state) copy_into(x, y);
  set_bytes(state, x, 2);
}
BENCHMARK(copy_same_order)->UseRealTime();

void row_major_to_channels_last(benchmark::State& state) {
  const Tensor x = activations(MemoryFormat::contiguous);
  for (auto _ : state) benchmark::DoNotOptimize(to_channels_last(x).data());
  set_bytes(state, x, 2);
}
BENCHMARK(row_major_to_channels_last)->UseRealTime();

void channels_last_to_row_major(benchmark::State& state) {
  const Tensor x = activations();
  for (auto _ : state) benchmark::DoNotOptimize(contiguous(x).data());
  set_bytes(state, x, 2);
}
BENCHMARK(channels_last_to_row_major)->UseRealTime();

void sum_of_everything(benchmark::State& state) {
  const Tensor x = activations();
  for (auto _ : state) benchmark::DoNotOptimize(sum(x).data());
  set_bytes(state, x, 1);
}
BENCHMARK(sum_of_everything)->UseRealTime();

void sum_per_channel(benchmark::State& state) {
  const Tensor x = activations();
  for (auto _ : state) benchmark::DoNotOptimize(sum(x, {0, 2, 3}).data());
  set_bytes(state, x, 1);
}
BENCHMARK(sum_per_channel)->UseRealTime();

void dropout_forward(benchmark::State& state) {
  Context context({.threads = omp_get_max_threads(),
                   .rng = state.range(0) == 0 ? RngKind::pytorch : RngKind::philox});
  const ContextGuard guard(context);
  const Tensor x = full({128, 9216}, 1);  // the MNIST CNN's first dropout
  for (auto _ : state) benchmark::DoNotOptimize(dropout(x, 0.25).data());
  set_bytes(state, x, 2);
}
BENCHMARK(dropout_forward)->ArgName("philox")->Arg(0)->Arg(1)->UseRealTime();

void cross_entropy_forward_backward(benchmark::State& state) {
  Tensor x = full(kScores, 0.1);
  const Tensor target = zeros({kScores[0]}, {.dtype = DType::i64});
  for (auto _ : state) {
    x.set_requires_grad(false).set_requires_grad(true);
    cross_entropy(x, target).backward();
  }
  set_bytes(state, x, 5);
}
BENCHMARK(cross_entropy_forward_backward)->UseRealTime();

}  // namespace
}  // namespace smtrain
