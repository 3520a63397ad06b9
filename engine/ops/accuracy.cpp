// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/accuracy.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {

void count_correct(const Tensor& scores, const Tensor& target, const Tensor& correct) {
  check(is_floating(scores.dtype()) && scores.ndim() == 2 && scores.size(1) > 0,
        "count_correct: expected floating scores of shape [N, classes], got ", scores.dtype(),
        " of shape ", scores.shape());
  check(target.dtype() == DType::i64 && target.shape() == Shape{scores.size(0)},
        "count_correct: target expects i64 of shape ", Shape{scores.size(0)}, ", got ",
        target.dtype(), " of shape ", target.shape());
  check(correct.dtype() == DType::i64 && correct.numel() == 1,
        "count_correct: the count expects one i64, got ", correct.dtype(), " of shape ",
        correct.shape());
  check_same_device("count_correct", scores, "target", target);
  check_same_device("count_correct", scores, "the count", correct);
  const Tensor in = contiguous(scores.detach());
  const Tensor classes = contiguous(target);
  call(scores.device(), &KernelTable::count_correct,
       CountCorrectArgs{.rows = in.size(0),
                        .classes = in.size(1),
                        .dtype = in.dtype(),
                        .x = in.data(),
                        .target = classes.data<int64_t>(),
                        .correct = correct.data<int64_t>()});
}

}  // namespace smtrain
