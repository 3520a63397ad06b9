#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hidden_symbols.sh NM LIBRARY: a library that contains the engine shows its own function and none of the engine's.
set -eu
names=$("$1" --dynamic --defined-only --demangle "$2")
echo "$names" | grep -q ' plugin_parameter_count$' || { echo "$2 does not export its own function" >&2; exit 1; }
if echo "$names" | grep 'smtrain::'; then
  echo "the symbols above are exported; everything in smtrain:: is hidden" >&2
  exit 1
fi
