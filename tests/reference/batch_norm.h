// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/batch_norm.h"

#include <cmath>
#include <vector>

namespace smtrain::reference {

/// The channel of element i, in logical order, of x [N, C, H, W] or [N, C].
inline size_t channel_of(const Tensor& x, size_t i) {
  const size_t places = x.ndim() == 4 ? static_cast<size_t>(x.size(2) * x.size(3)) : 1;
  return i / places % static_cast<size_t>(x.size(1));
}

/// The mean and the biased variance of each channel's `count` values.
struct ChannelMoments {
  double count;
  std::vector<double> mean, variance;
};

inline ChannelMoments moments_of(const Tensor& x) {
  const size_t channels = static_cast<size_t>(x.size(1));
  const std::vector<double> xs = x.to_vector<double>();
  ChannelMoments m = {static_cast<double>(xs.size() / channels), std::vector<double>(channels),
                      std::vector<double>(channels)};
  for (size_t i = 0; i < xs.size(); ++i) m.mean[channel_of(x, i)] += xs[i] / m.count;
  for (size_t i = 0; i < xs.size(); ++i) {
    const size_t c = channel_of(x, i);
    m.variance[c] += (xs[i] - m.mean[c]) * (xs[i] - m.mean[c]) / m.count;
  }
  return m;
}

/// What x is normalised with: the batch's own moments in training, else the running values.
inline ChannelMoments moments_used(const Tensor& x, const BatchNormRunning& running,
                                   const BatchNormOptions& options) {
  ChannelMoments m = moments_of(x);
  if (options.training || !running.mean.defined()) return m;
  return {m.count, running.mean.to_vector<double>(), running.var.to_vector<double>()};
}

/// batch_norm of float64 values, one after the other. The running values stay as they are.
inline std::vector<double> batch_norm(const Tensor& x, const std::vector<double>& weight,
                                      const std::vector<double>& bias,
                                      const BatchNormRunning& running,
                                      const BatchNormOptions& options) {
  const ChannelMoments m = moments_used(x, running, options);
  std::vector<double> y = x.to_vector<double>();
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t c = channel_of(x, i);
    y[i] = (y[i] - m.mean[c]) / std::sqrt(m.variance[c] + options.eps) * weight[c] + bias[c];
  }
  return y;
}

struct RunningValues {
  std::vector<double> mean, var;
};

/// What a training batch makes of the running values. num_batches_tracked does not count it yet.
inline RunningValues running_after(const Tensor& x, const BatchNormRunning& running,
                                   const BatchNormOptions& options) {
  const ChannelMoments m = moments_of(x);
  const double momentum =
      options.momentum >= 0 ? options.momentum : 1.0 / (running.num_batches_tracked.item() + 1.0);
  RunningValues after = {running.mean.to_vector<double>(), running.var.to_vector<double>()};
  for (size_t c = 0; c < after.mean.size(); ++c) {
    const double unbiased = m.variance[c] * m.count / (m.count - 1);
    after.mean[c] = (1 - momentum) * after.mean[c] + momentum * m.mean[c];
    after.var[c] = (1 - momentum) * after.var[c] + momentum * unbiased;
  }
  return after;
}

struct BatchNormGradients {
  std::vector<double> dx, dw, db;
};

/// The gradients for dy by the chain rule, step by step, as Ioffe & Szegedy (arXiv:1502.03167)
/// write them out.
inline BatchNormGradients batch_norm_gradients(const Tensor& x, const std::vector<double>& dy,
                                               const std::vector<double>& weight,
                                               const BatchNormRunning& running,
                                               const BatchNormOptions& options) {
  const ChannelMoments m = moments_used(x, running, options);
  const size_t channels = weight.size();
  const std::vector<double> xs = x.to_vector<double>();
  std::vector<double> dmean(channels), dvariance(channels);
  BatchNormGradients g = {std::vector<double>(xs.size()), std::vector<double>(channels),
                          std::vector<double>(channels)};
  for (size_t i = 0; i < xs.size(); ++i) {
    const size_t c = channel_of(x, i);
    const double centred = xs[i] - m.mean[c], deviation = std::sqrt(m.variance[c] + options.eps);
    g.dw[c] += dy[i] * centred / deviation;
    g.db[c] += dy[i];
    dmean[c] -= dy[i] * weight[c] / deviation;
    dvariance[c] -= dy[i] * weight[c] * centred / (2 * deviation * deviation * deviation);
  }
  for (size_t i = 0; i < xs.size(); ++i) {
    const size_t c = channel_of(x, i);
    g.dx[i] = dy[i] * weight[c] / std::sqrt(m.variance[c] + options.eps);
    if (!options.training && running.mean.defined()) continue;  // not through fixed statistics
    g.dx[i] += (dmean[c] + 2 * (xs[i] - m.mean[c]) * dvariance[c]) / m.count;
  }
  return g;
}

}  // namespace smtrain::reference
