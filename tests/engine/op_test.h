// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/context.h"
#include "smtrain/engine/gradient_check.h"
#include "smtrain/engine/tensor.h"
#include "smtrain/tests/engine/test_devices.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace smtrain::test {

/// Where and on what one instance of an op's tests runs.
struct OpTestParam {
  Device device;
  DType dtype;
};
std::ostream& operator<<(std::ostream& out, const OpTestParam& param);

/// Every test device with every one of the dtypes, for INSTANTIATE_TEST_SUITE_P.
std::vector<OpTestParam> on_all_devices(const std::vector<DType>& dtypes);
std::string name_of_param(const testing::TestParamInfo<OpTestParam>& info);

/// The dtypes that ops compute gradients in.
inline const std::vector<DType> kFloatingDTypes = {DType::f32, DType::f64, DType::bf16, DType::f16};

/// Those of them whose gradients are compared with float64's.
inline const std::vector<DType> kNarrowDTypes = {DType::f32, DType::bf16, DType::f16};

/// The dtypes of whole numbers.
inline const std::vector<DType> kIntegerDTypes = {DType::boolean, DType::u8, DType::i32,
                                                  DType::i64};

/// SMTRAIN_OP_TEST(Softmax, kFloatingDTypes) runs TEST_P(Softmax, ...) on every device and dtype.
#define SMTRAIN_OP_TEST(suite, ...)                                                         \
  INSTANTIATE_TEST_SUITE_P(Ops, suite,                                                      \
                           testing::ValuesIn(::smtrain::test::on_all_devices(__VA_ARGS__)), \
                           ::smtrain::test::name_of_param)

/// How far a result may be from its float64 reference, as a fraction of the largest reference
/// value.
double tolerance(DType dtype);

/// One input of an op: everything that is needed to run that case again.
struct OpCase {
  Shape shape;
  DType dtype;
  Device device;
  uint64_t seed;

  /// Standard normal values, the same for a given seed; further tensors of a case take a salt.
  Tensor randn(uint64_t salt = 0) const;
};
std::ostream& operator<<(std::ostream& out, const OpCase& op_case);

/// Tests of an op on one device and dtype, in a context of its own.
class OpTest : public testing::TestWithParam<OpTestParam> {
 protected:
  OpTest();

  DType dtype() const { return GetParam().dtype; }
  Device device() const { return GetParam().device; }

  /// One case for each shape, with seeds 1, 2, ...
  std::vector<OpCase> cases(const std::vector<Shape>& shapes) const;

  Context context_;
  ContextGuard guard_;
};

/// Standard normal values on the current device, drawn from a generator of their own.
Tensor randn(const Shape& shape, DType dtype, uint64_t seed,
             MemoryFormat format = MemoryFormat::contiguous);

/// Numbers from -50 to 50 in no order, as the dtype holds them: u8 modulo 256.
Tensor whole_numbers(const Shape& shape, DType dtype, int64_t seed);

/// Whether shapes agree and no element is further off than `tolerance` times the largest expected
/// magnitude. NaN and infinities agree with themselves alone.
testing::AssertionResult is_close(const Tensor& actual, const Tensor& expected, double tolerance);
testing::AssertionResult is_close(const std::vector<double>& actual,
                                  const std::vector<double>& expected, double tolerance);

#define EXPECT_CLOSE(actual, expected, tolerance) \
  EXPECT_TRUE(::smtrain::test::is_close(actual, expected, tolerance))

/// The text of the exception that f throws, or a remark that it threw none.
template <typename F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

#define EXPECT_THROW_WITH(expression, message) \
  EXPECT_EQ(::smtrain::test::message_of([&] { (void)(expression); }), message)

/// Compares the gradients of f with central differences in float64, for a random gradient of its
/// result, and then that a second backward() adds the same gradients again.
void check_gradients(const DifferentiableFunction& f, const std::vector<Tensor>& inputs);

/// The same for standard normal inputs of these shapes.
void check_gradients(const DifferentiableFunction& f, const std::vector<Shape>& shapes);

/// The same for one input.
void check_gradient(const std::function<Tensor(const Tensor&)>& f, const Shape& shape);

}  // namespace smtrain::test
