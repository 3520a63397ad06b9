#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bundle.sh CMAKE BUILD: installs the bundle, moves it and runs it with an empty environment: nothing may come from the
# build, nor from the machine but glibc, the C++ runtime and CUDA.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "bundle: $*" >&2; exit 1; }

"$1" --install "$2" --component bundle --prefix "$folder/installed" --strip > "$folder/log" || { cat "$folder/log"; exit 1; }
mv "$folder/installed" "$folder/moved"
bundle=$folder/moved
size=$(du -sb "$bundle" | cut -f1)
echo "bundle: $size bytes"
[ "$size" -lt 60000000 ] || fail "$size bytes, 60 MB are allowed; the largest files: $(find "$bundle" -type f -size +1M -exec ls -s {} +)"

for file in "$bundle"/bin/* "$bundle"/lib/libsmtrain_cuda.so; do  # with all that these need in turn
  if outside=$(ldd "$file" | grep -v -e "=> $bundle/" -e 'linux-vdso' -e '/ld-linux' \
      -e '^[[:space:]]lib\(c\|m\|dl\|rt\|pthread\|stdc++\|gcc_s\)\.so' -e '^[[:space:]]lib\(cu\|nv\)'); then
    fail "$file needs what the bundle does not bring: $outside"
  fi
done
if readelf -d "$bundle"/bin/smtrain_bundle "$bundle"/lib/*.so* | grep -F "$2"; then
  fail "the path above leads to the build"
fi

newest=$(for file in "$bundle"/bin/smtrain_bundle "$bundle"/lib/*.so*; do objdump -T "$file"; done \
  | grep -oE 'GLIBC_[0-9.]+' | sort -u -V | tail -n 1)
grep -q "glibc ${newest#GLIBC_}, " "$(dirname "$0")/../../README.md" || fail "it needs $newest, README names another"

run() { env -i PATH=/usr/bin:/bin SMTRAIN_SOURCE_DIR="$bundle" "$@" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }; }
cd "$folder"
run "$bundle/bin/smtrain" data synth digits --out "$folder/digits" --train 500 --test 100
run "$bundle/bin/smtrain" train "data=$folder/digits" --epochs 1 --device cpu "output.dir=$folder/out"
grep -q 'epoch: 1 ' "$folder/log" || { cat "$folder/log"; fail "the job did not print its epoch"; }
[ -s "$folder/out/model.safetensors" ] || fail "the job left no model"

run "$bundle/bin/gpu_test" '--gtest_filter=Ops/Softmax*'
grep -q -e 'no GPU to test on: ' -e '\[       OK \] Ops/Softmax' "$folder/log" || { cat "$folder/log"; fail "no test ran"; }
if run_without=$("$bundle/scripts/gpu" 2>&1); then fail "scripts/gpu took no folder: $run_without"; fi
for file in bench/gpu bin/gpu_worker bin/conv_efficiency; do
  [ -x "$bundle/$file" ] || fail "there is no $file"
done
