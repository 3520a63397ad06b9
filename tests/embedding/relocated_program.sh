#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# relocated_program.sh PREFIX: the installed program runs from wherever its tree is copied, on the libraries beside it.
set -eu
moved=$(mktemp -d)
trap 'rm -rf "$moved"' EXIT
cp -a "$1/bin" "$1/lib" "$moved"
"$moved/bin/smtrain" --help > /dev/null
if ldd "$moved/bin/smtrain" | grep 'lib\(dnnl\|gomp\|png16\)' | grep -v "=> $moved/"; then
  echo "the libraries above should come from the program's own lib/" >&2
  exit 1
fi
