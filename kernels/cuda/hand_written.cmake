# The files of hand-written kernels: nvcc compiles them into libsmtrain_cuda.so, the tests' emulation as C++.
set(smtrain_hand_written_kernels
  accuracy.cu
  batch_norm.cu
  bias_relu.cu
  column_sums.cu
  dropout.cu
  elementwise.cu
  elementwise_binary.cu
  elementwise_copy.cu
  elementwise_unary.cu
  gradient_norm.cu
  image_batch.cu
  loss.cu
  matmul_strided.cu
  optimizer.cu
  pool_avg.cu
  pool_max.cu
  reduce.cu
  softmax.cu
)
list(TRANSFORM smtrain_hand_written_kernels PREPEND "${PROJECT_SOURCE_DIR}/kernels/cuda/")
