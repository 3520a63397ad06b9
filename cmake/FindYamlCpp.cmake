# Finds yaml-cpp's static library: the recipes' parser travels inside the program.
#
#   YamlCpp::YamlCpp   the archive and its headers
find_path(YAMLCPP_INCLUDE_DIR yaml-cpp/yaml.h)
find_library(YAMLCPP_LIBRARY libyaml-cpp.a)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(YamlCpp REQUIRED_VARS YAMLCPP_LIBRARY YAMLCPP_INCLUDE_DIR)
if(YamlCpp_FOUND AND NOT TARGET YamlCpp::YamlCpp)
  add_library(YamlCpp::YamlCpp STATIC IMPORTED)
  set_target_properties(YamlCpp::YamlCpp PROPERTIES
    IMPORTED_LOCATION "${YAMLCPP_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${YAMLCPP_INCLUDE_DIR}")
endif()
mark_as_advanced(YAMLCPP_INCLUDE_DIR YAMLCPP_LIBRARY)
