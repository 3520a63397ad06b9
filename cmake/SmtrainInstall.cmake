# What `cmake --install` leaves: bin/smtrain with the libraries it travels with (component runtime), and the archives or
# libsmtrain.so, headers, CMake package and pkg-config file for embedding the engine (component development).
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/smtrain")

if(SMTRAIN_SHARED)
  set(libraries smtrain)
  set(link_flags "-lsmtrain")
else()
  set(libraries smtrain smtrain_kernels smtrain_engine smtrain_nn smtrain_data)
  string(CONCAT link_flags "-lsmtrain_nn -lsmtrain_data -lsmtrain_engine -lsmtrain_kernels"
    " -ljpeg -lpng -lstb -lwebp -lz -lisal -ldnnl -fopenmp")
endif()
install(TARGETS ${libraries}
  EXPORT smtrain-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
install(EXPORT smtrain-targets NAMESPACE smtrain:: DESTINATION "${package_dir}" COMPONENT development)

install(FILES smtrain.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/smtrain" COMPONENT development)
install(DIRECTORY kernels engine nn data
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/smtrain" COMPONENT development
  FILES_MATCHING PATTERN "*.h" REGEX "/kernels/(cpu|cuda)$" EXCLUDE)

configure_package_config_file(cmake/smtrain-config.cmake.in "${PROJECT_BINARY_DIR}/smtrain-config.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/smtrain-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/smtrain-config.cmake" "${PROJECT_BINARY_DIR}/smtrain-config-version.cmake"
  DESTINATION "${package_dir}" COMPONENT development)
install(DIRECTORY cmake/ DESTINATION "${package_dir}" COMPONENT development FILES_MATCHING PATTERN "Find*.cmake")

configure_file(cmake/smtrain.pc.in "${PROJECT_BINARY_DIR}/smtrain.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/smtrain.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)

if(SMTRAIN_BUILD_APPS)
  # RPATH, not RUNPATH: only the former is inherited by the libraries' own dependencies.
  file(RELATIVE_PATH lib_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
  set_target_properties(smtrain_program PROPERTIES INSTALL_RPATH "$ORIGIN/${lib_from_bin}")
  target_link_options(smtrain_program PRIVATE LINKER:--disable-new-dtags)
  # Everything travels but glibc, the C++ runtime and CUDA, which belong to the machine.
  install(TARGETS smtrain_program
    RUNTIME_DEPENDENCIES
      PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|resolv|util|stdc\\+\\+|gcc_s)\\.so" "^lib(cu|nv|nccl)"
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime)
endif()
