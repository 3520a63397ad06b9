# SMTRAIN_CUDA=AUTO|ON|OFF decides whether CUDA kernels are built. Sets SMTRAIN_CUDA_ENABLED, and when it is true
# leaves the CUDA language enabled with C++20 and the CUDA::* targets found.
set(SMTRAIN_CUDA AUTO CACHE STRING "Build the CUDA kernels: AUTO (when a toolkit is found), ON or OFF")
set_property(CACHE SMTRAIN_CUDA PROPERTY STRINGS AUTO ON OFF)
set(SMTRAIN_CUDA_ARCHITECTURES "75-real;80-real;86-real;89-real;90a-real;100-real;100-virtual" CACHE STRING
  "GPU architectures to build for; one is enough while developing")
set(SMTRAIN_CUDA_ENABLED OFF)
if(NOT SMTRAIN_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "SMTRAIN_CUDA is \"${SMTRAIN_CUDA}\"; it is AUTO, ON or OFF")
endif()

if(SMTRAIN_CUDA STREQUAL "OFF")
  message(STATUS "smtrain: CUDA is switched off (SMTRAIN_CUDA=OFF)")
  return()
endif()

find_program(SMTRAIN_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
mark_as_advanced(SMTRAIN_NVCC)
if(SMTRAIN_NVCC)
  cmake_path(GET SMTRAIN_NVCC PARENT_PATH bin)
  cmake_path(GET bin PARENT_PATH CUDAToolkit_ROOT)
  # For projects that require CMake 3.25, its module deprecates a library that CUDA 13 has no more, and fails.
  set(required_cmake ${CMAKE_MINIMUM_REQUIRED_VERSION})
  set(CMAKE_MINIMUM_REQUIRED_VERSION 3.24)
  find_package(CUDAToolkit 13 QUIET)
  set(CMAKE_MINIMUM_REQUIRED_VERSION ${required_cmake})
endif()
if(NOT CUDAToolkit_FOUND)
  if(SMTRAIN_CUDA STREQUAL "ON")
    message(FATAL_ERROR "SMTRAIN_CUDA=ON, but there is no CUDA toolkit of version 13 or newer: nvcc was looked for on "
      "PATH, in $CUDA_HOME/bin, $CUDA_PATH/bin and /usr/local/cuda/bin (found: ${SMTRAIN_NVCC})")
  endif()
  message(STATUS "smtrain: no CUDA toolkit (13 or newer) found, building for the CPU alone")
  return()
endif()

set(CMAKE_CUDA_COMPILER "${SMTRAIN_NVCC}")
set(CMAKE_CUDA_ARCHITECTURES "${SMTRAIN_CUDA_ARCHITECTURES}")
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25.1 does not know C++20 for nvcc
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_COMPILE_FEATURES cuda_std_20)
  list(APPEND CMAKE_CUDA_COMPILE_FEATURES cuda_std_20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(SMTRAIN_CUDA_ENABLED ON)
message(STATUS "smtrain: CUDA toolkit ${CUDAToolkit_VERSION} in ${CUDAToolkit_ROOT}")
