#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shared_library.sh NM READELF LIBRARY ABI: libsmtrain.so exports what is in namespace smtrain and nothing else, and its name for
# programs carries the version of its binary interface.
set -eu
names=$("$1" --dynamic --defined-only --format=just-symbols "$3")
echo "$names" | grep -q '^_ZN7smtrain13cross_entropyE' || { echo "$3 does not export cross_entropy()" >&2; exit 1; }
if echo "$names" | grep -v '^_Z\(T[VIS]\)\?NK\?7smtrain'; then
  echo "the symbols above are exported; only those of namespace smtrain should be" >&2
  exit 1
fi
"$2" --dynamic "$3" | grep -F "Library soname: [libsmtrain.so.$4]" || { echo "$3 is not named libsmtrain.so.$4" >&2; exit 1; }
