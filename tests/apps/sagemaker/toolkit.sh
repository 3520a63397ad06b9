#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# toolkit.sh SMTRAIN SOURCE: the platform's own toolkit for Python (`sagemaker-training`, from the package index, in an
# environment made for it) starts smtrain as the program of a job. The model is the one that smtrain makes when it is
# started itself, and so are the SM_* variables but for those that only Python has. Skips (77) where the toolkit can't be had.
set -euo pipefail
smtrain=$(realpath "$1") source=$2
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

skip() {
  echo "skipped: $1"
  exit 77
}

toolkit=${SMTRAIN_TOOLKIT_VENV-}
if [[ -z $toolkit ]]; then
  toolkit=$top/venv
  python3 -m venv "$toolkit" > "$top/venv.log" 2>&1 || skip "python3 can't make an environment: $(tail -1 "$top/venv.log")"
  "$toolkit/bin/pip" install --quiet --retries 1 --timeout 20 sagemaker-training > "$top/pip.log" 2>&1 ||
    skip "sagemaker-training can't be installed: $(grep -v '^WARNING' "$top/pip.log" | tail -1)"
fi

# The tree of a job, with the program that the toolkit is to run. (The toolkit waits until it can look the host up.)
job() {
  mkdir -p "$ml"/{input/config,input/data,model,output,code}
  cp -r "$top/data" "$ml/input/data/training"
  cp "$source/configs/cats.yaml" "$ml/input/config/smtrain.yaml"
  cat > "$ml/input/config/hyperparameters.json" << END
{"epochs": "2", "batch-size": "5", "backend": "\"gloo\"", "threads": "1", "sagemaker_program": "\"job.sh\"",
 "sagemaker_container_log_level": "20", "sagemaker_submit_directory": "\"$ml/code\""}
END
  echo '{"current_host": "localhost", "hosts": ["localhost"], "network_interface_name": "lo"}' \
    > "$ml/input/config/resourceconfig.json"
  echo '{"training": {"TrainingInputMode": "File"}}' > "$ml/input/config/inputdataconfig.json"
  printf '#!/bin/sh\n"%s" env > "%s"\nexec "%s" train "$@"\n' "$smtrain" "$top/theirs.env" "$smtrain" > "$ml/code/job.sh"
  chmod +x "$ml/code/job.sh"
}
ml=$top/ml
export SAGEMAKER_BASE_DIR=$ml
"$smtrain" data synth folders --classes 3 --per-class 10,3 --size 64 --out "$top/data" > "$top/synth.log"
job
"$smtrain" env > "$top/ours.env"
"$smtrain" train > "$top/ours.log" 2>&1 || { cat "$top/ours.log"; exit 1; }
mv "$ml" "$top/ours"

job
(cd "$top" && PATH="$toolkit/bin:$PATH" timeout 300 "$toolkit/bin/train") > "$top/theirs.log" 2>&1 ||
  { cat "$top/theirs.log"; exit 1; }

cmp "$top/ours/model/model.safetensors" "$ml/model/model.safetensors"
cmp "$top/ours/model/model.pth" "$ml/model/model.pth"
[[ -e $ml/output/success && ! -e $ml/output/failure ]]
grep -q 'Test set: Average loss' "$top/theirs.log"
# The same variables by our derivation and by theirs; the others are about Python or newer than the article's.
names='HOSTS|HPS|CHANNELS|CHANNEL_TRAINING|CURRENT_HOST|MODEL_DIR|MODULE_DIR|MODULE_NAME|USER_ENTRY_POINT|INPUT_DIR'
names+='|INPUT_CONFIG_DIR|OUTPUT_DIR|OUTPUT_DATA_DIR|OUTPUT_INTERMEDIATE_DIR|LOG_LEVEL|NUM_CPUS|NUM_GPUS|USER_ARGS|HP_.*'
names+='|NETWORK_INTERFACE_NAME|RESOURCE_CONFIG|INPUT_DATA_CONFIG|FRAMEWORK_PARAMS'
diff <(grep -E "^SM_($names)=" "$top/ours.env" | sort) <(sed -n '/^Environment variables:/,/^Invoking/p' "$top/theirs.log" |
  grep -E "^SM_($names)=" | sort)
echo "container: toolkit: passed"
