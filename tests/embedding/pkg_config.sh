#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pkg_config.sh COMPILER PKGCONFIG_DIR MAIN_CPP OUT_DIR: builds and runs a program with nothing but a compiler and pkg-config.
set -eu
mkdir -p "$4"
# shellcheck disable=SC2046  # the flags are words
"$1" -std=c++20 -O1 "$3" $(PKG_CONFIG_PATH="$2" pkg-config --cflags --libs smtrain) -o "$4/embedding"
"$4/embedding"
