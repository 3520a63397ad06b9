#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the README: every ```sh block but `scripts/test`, which is what runs this; the recipe, for a few steps on the demo's
# digits; and looks the C++ block up in the program that tests/embedding builds.
set -euo pipefail
cd "$(dirname "$0")/.."
blocks=$(mktemp -d)
trap 'rm -rf "$blocks"' EXIT

# blocks/N.LANGUAGE for the N-th fenced block that names a language.
awk -v folder="$blocks" '
  /^```./ { file = sprintf("%s/%02d.%s", folder, ++n, substr($0, 4)); next }
  /^```/  { file = "" }
  file    { print > file }' README.md

for block in "$blocks"/*.sh; do
  if [[ $(< "$block") != scripts/test ]]; then
    echo "+ $(< "$block")"
    bash -euo pipefail "$block"
  fi
done

for recipe in "$blocks"/*.yaml; do
  MNIST_DIR=out/demo/digits build/release/apps/smtrain --config "$recipe" --set train.max_steps=20 \
    --set output.dir="$blocks/recipe" --model-dir "$blocks/recipe"
done

unindented() { sed 's/^ *//' "$1"; }
for example in "$blocks"/*.cpp; do
  if [[ $(unindented tests/embedding/main.cpp) != *"$(unindented "$example")"* ]]; then
    echo "the README's C++ block is not part of tests/embedding/main.cpp" >&2
    exit 1
  fi
done
