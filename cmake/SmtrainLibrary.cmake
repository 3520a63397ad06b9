# smtrain::smtrain, everything that a program which embeds the engine needs: the folders' archives or, with SMTRAIN_SHARED,
# libsmtrain.so, which contains them and exports what is in namespace smtrain alone.
if(NOT SMTRAIN_SHARED)
  add_library(smtrain INTERFACE)
  target_link_libraries(smtrain INTERFACE smtrain::nn smtrain::data)
else()
  set(folders smtrain_kernels smtrain_engine smtrain_nn smtrain_data)
  list(TRANSFORM folders REPLACE ".+" "$<TARGET_OBJECTS:\\0>" OUTPUT_VARIABLE objects)
  add_library(smtrain SHARED ${objects})
  target_link_libraries(smtrain PRIVATE ${folders} smtrain_build_options)  # what the archives need of others
  target_include_directories(smtrain PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_compile_features(smtrain PUBLIC cxx_std_20)
  target_link_options(smtrain PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/smtrain.map LINKER:--no-undefined)
  set_target_properties(smtrain PROPERTIES
    LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/smtrain.map"
    LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})  # before 1.0 a minor version may change everything
endif()
add_library(smtrain::smtrain ALIAS smtrain)
