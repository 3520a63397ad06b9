#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh CMAKE BUILD PREFIX: installs a build into an empty prefix.
set -eu
rm -rf "$3"
"$1" --install "$2" --prefix "$3" > /dev/null
