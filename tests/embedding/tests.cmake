# The ways to embed the library, each configured, built and run as an outside project, the documentation's examples built so
# too, and the installed tree that most of them need. They test the build system, so only a plain build has them.
if(SMTRAIN_SANITIZE OR SMTRAIN_SHARED OR NOT SMTRAIN_INSTALL OR NOT SMTRAIN_BUILD_APPS)
  return()
endif()

set(prefix "${CMAKE_CURRENT_BINARY_DIR}/prefix")
set(here "${CMAKE_CURRENT_LIST_DIR}")

add_test(NAME embedding.install COMMAND sh "${here}/install.sh" "${CMAKE_COMMAND}" "${PROJECT_BINARY_DIR}" "${prefix}")
set_tests_properties(embedding.install PROPERTIES FIXTURES_SETUP embedding_prefix)

# embedding.NAME: tests/embedding configured with the given options, built in BINARY_DIR/embedding/NAME, run.
function(smtrain_add_embedding_test name)
  set(build "${CMAKE_CURRENT_BINARY_DIR}/embedding/${name}")
  add_test(NAME embedding.${name} COMMAND "${CMAKE_CTEST_COMMAND}"
    --build-and-test "${here}" "${build}"
    --build-generator "${CMAKE_GENERATOR}"
    --build-options ${ARGN} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
      -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}
    --test-command "${build}/embedding")
  set_tests_properties(embedding.${name} PROPERTIES PROCESSORS 2 TIMEOUT 900)
endfunction()

smtrain_add_embedding_test(find_package "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_BUILD_TYPE=Release)
smtrain_add_embedding_test(add_subdirectory "-DSMTRAIN_SOURCE=${PROJECT_SOURCE_DIR}" -DSMTRAIN_BUILD_APPS=OFF
  -DSMTRAIN_CUDA=OFF -DCMAKE_BUILD_TYPE=Debug)
add_test(NAME embedding.pkg_config COMMAND sh "${here}/pkg_config.sh" "${CMAKE_CXX_COMPILER}" "${prefix}/${CMAKE_INSTALL_LIBDIR}/pkgconfig"
  "${here}/main.cpp" "${CMAKE_CURRENT_BINARY_DIR}/embedding/pkg_config")
add_test(NAME embedding.relocated_program COMMAND sh "${here}/relocated_program.sh" "${prefix}")
add_test(NAME embedding.examples COMMAND "${CMAKE_CTEST_COMMAND}"
  --build-and-test "${PROJECT_SOURCE_DIR}/docs/examples" "${CMAKE_CURRENT_BINARY_DIR}/embedding/examples"
  --build-generator "${CMAKE_GENERATOR}"
  --build-options "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
    -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER} "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror"
  --test-command "${CMAKE_CTEST_COMMAND}" --output-on-failure)
set_tests_properties(embedding.examples PROPERTIES PROCESSORS 2 TIMEOUT 900)
set_tests_properties(embedding.examples embedding.find_package embedding.pkg_config embedding.relocated_program PROPERTIES
  FIXTURES_REQUIRED embedding_prefix)

set_tests_properties(embedding.find_package PROPERTIES FIXTURES_SETUP embedding_plugin)
add_test(NAME embedding.hidden_symbols
  COMMAND sh "${here}/hidden_symbols.sh" "${CMAKE_NM}" "${CMAKE_CURRENT_BINARY_DIR}/embedding/find_package/plugin.so")
set_tests_properties(embedding.hidden_symbols PROPERTIES FIXTURES_REQUIRED embedding_plugin)

# The same program with libsmtrain.so, which is built and installed first.
set(shared "${CMAKE_CURRENT_BINARY_DIR}/embedding/shared_library")
add_test(NAME embedding.shared_library COMMAND "${CMAKE_CTEST_COMMAND}"
  --build-and-test "${PROJECT_SOURCE_DIR}" "${shared}/build"
  --build-generator "${CMAKE_GENERATOR}"
  --build-target install
  --build-options -DSMTRAIN_SHARED=ON -DSMTRAIN_BUILD_APPS=OFF -DSMTRAIN_BUILD_TESTS=OFF -DSMTRAIN_BUILD_BENCH=OFF
    -DSMTRAIN_CUDA=OFF -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_INSTALL_PREFIX=${shared}/prefix"
    -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}
  --test-command sh "${here}/shared_library.sh" "${CMAKE_NM}" "${CMAKE_READELF}"
    "${shared}/prefix/${CMAKE_INSTALL_LIBDIR}/libsmtrain.so" ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set_tests_properties(embedding.shared_library PROPERTIES FIXTURES_SETUP embedding_shared PROCESSORS 2 TIMEOUT 900)
smtrain_add_embedding_test(find_shared_package "-DCMAKE_PREFIX_PATH=${shared}/prefix" -DCMAKE_BUILD_TYPE=Release)
set_tests_properties(embedding.find_shared_package PROPERTIES FIXTURES_REQUIRED embedding_shared)

add_test(NAME embedding.quiet_library COMMAND sh "${here}/quiet_library.sh" "${CMAKE_NM}"
  "$<TARGET_FILE:smtrain_kernels>" "$<TARGET_FILE:smtrain_engine>" "$<TARGET_FILE:smtrain_nn>" "$<TARGET_FILE:smtrain_data>")
