# smtrain_add_library(folder SOURCES ...): the one library of a folder, as smtrain::folder.
#
# Every include in the project is spelled "smtrain/<folder>/<file>.h"; this link makes that work in the build tree.
# The install rules copy the headers to include/smtrain instead.
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/include")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/include/smtrain" SYMBOLIC)

# What every file of ours is compiled with: C++20, warnings, and products that are rounded unless
# an fma is written (bit parity with PyTorch depends on it).
add_library(smtrain_build_options INTERFACE)
target_compile_features(smtrain_build_options INTERFACE cxx_std_20)
target_compile_options(smtrain_build_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -ffp-contract=off
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # GCC 12 sees overlaps in operator+ of std::string (its bug 105651)
if(SMTRAIN_SANITIZE)
  target_compile_options(smtrain_build_options INTERFACE
    -fsanitize=${SMTRAIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(smtrain_build_options INTERFACE -fsanitize=${SMTRAIN_SANITIZE})
endif()
if(SMTRAIN_BUILD_FUZZERS)
  target_compile_options(smtrain_build_options INTERFACE -fsanitize=fuzzer-no-link)  # coverage guides libFuzzer
endif()

# Archives hide their symbols, so that a library which contains them exports none; those of libsmtrain.so are public.
if(SMTRAIN_SHARED)
  set(visibility default)
else()
  set(visibility hidden)
endif()

function(smtrain_add_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  add_library(smtrain_${folder} STATIC ${ARG_SOURCES})
  add_library(smtrain::${folder} ALIAS smtrain_${folder})
  target_compile_features(smtrain_${folder} PUBLIC cxx_std_20)
  target_link_libraries(smtrain_${folder} PRIVATE $<BUILD_INTERFACE:smtrain_build_options>)
  target_include_directories(smtrain_${folder} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include> $<INSTALL_INTERFACE:include>)
  set_target_properties(smtrain_${folder} PROPERTIES
    EXPORT_NAME ${folder}
    POSITION_INDEPENDENT_CODE ON
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET ${visibility}
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()
