// SPDX-License-Identifier: Apache-2.0

// Fails a test that ends with findings of the access checker. Linked into every program of
// smtrain_add_simt_test.

#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

namespace smtrain::simt {
namespace {

class FindingsListener : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override {
    config() = {};
    for (const std::string& finding : take_findings()) ADD_FAILURE() << finding;
  }
};

const bool kListens = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new FindingsListener);
  return true;
}();

}  // namespace
}  // namespace smtrain::simt
