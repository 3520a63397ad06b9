# `cmake --install BUILD --component bundle --prefix DIR --strip`: a folder that runs on another Linux of the same
# processor, with the tests and measurements for its GPU. Laid out like the repository, so that scripts and tests find their
# files by the same names:
#   bin/smtrain, gpu_test, gpu_worker, conv_efficiency   one program by four names
#   bin/launch_cost                     measures CUDA itself
#   lib/                                libsmtrain_cuda.so, and what the programs link but the machine may not have
#   configs/ bench/ scripts/ tests/     recipes, the commands of bench/ and scripts/gpu, the tests' numbers
# glibc, the C++ runtime and CUDA belong to the machine: an older C++ runtime than that of the drivers and of CUDA's
# libraries, brought along, would take their place in the process.
set_target_properties(smtrain_bundle PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
target_link_options(smtrain_bundle PRIVATE LINKER:--disable-new-dtags)  # RPATH is inherited by libraries, RUNPATH is not
install(TARGETS smtrain_bundle
  RUNTIME_DEPENDENCIES
    PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|resolv|util|stdc\\+\\+|gcc_s)\\.so" "^lib(cu|nv|nccl)"
  RUNTIME DESTINATION bin COMPONENT bundle EXCLUDE_FROM_ALL
  LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL)
install(TARGETS smtrain_cuda LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL)
foreach(name IN ITEMS smtrain gpu_test gpu_worker conv_efficiency)
  install(CODE "file(CREATE_LINK smtrain_bundle \"\${CMAKE_INSTALL_PREFIX}/bin/${name}\" SYMBOLIC)"
    COMPONENT bundle EXCLUDE_FROM_ALL)
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/configs" DESTINATION . COMPONENT bundle EXCLUDE_FROM_ALL)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/tests/goldens/ops" "${PROJECT_SOURCE_DIR}/tests/goldens/rng"
    "${PROJECT_SOURCE_DIR}/tests/goldens/train"
  DESTINATION tests/goldens COMPONENT bundle EXCLUDE_FROM_ALL)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/bench/pytorch" "${PROJECT_SOURCE_DIR}/bench/jax"
  DESTINATION bench COMPONENT bundle EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.py")
install(PROGRAMS "${PROJECT_SOURCE_DIR}/bench/gpu" DESTINATION bench COMPONENT bundle EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/bench/gpus.py" "${PROJECT_SOURCE_DIR}/bench/measure.py"
    "${PROJECT_SOURCE_DIR}/bench/worker.py" "${PROJECT_SOURCE_DIR}/bench/workloads.py"
  DESTINATION bench COMPONENT bundle EXCLUDE_FROM_ALL)
install(PROGRAMS "${PROJECT_SOURCE_DIR}/scripts/gpu" DESTINATION scripts COMPONENT bundle EXCLUDE_FROM_ALL)
