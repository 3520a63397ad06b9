#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# container.sh SMTRAIN SOURCE ARTICLE: one job in the container of a platform that knows nothing but /opt/ml and the
# argument `train`: a root of its own that is mounted read-only, any uid, no environment, no /proc, no /dev/shm. Checks what
# the job leaves. Skips (77) where it may not make such a root.
set -euo pipefail
smtrain=$(realpath "$1") source=$2 article=$3
uid=31415

if [[ $(id -u) != 0 ]] || ! unshare --mount true 2> /dev/null; then
  echo "skipped: making a root needs to be root and to be allowed mounts"
  exit 77
fi
# What is mounted goes with this shell.
if [[ ${SMTRAIN_OWN_MOUNTS-} != 1 ]]; then
  SMTRAIN_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
fi

top=$(mktemp -d)
trap 'umount --recursive "$top/root" 2> /dev/null || true; rm -rf "$top"' EXIT
root=$top/image
ml=$top/ml
mkdir -p "$root"/{opt/program,opt/ml,tmp} "$ml"/{input/config,input/data,model,output,checkpoints} "$top/tmp"

fail() {
  echo "container: $1" >&2
  sed 's/^/    /' "$top/out" "$top/err" >&2
  exit 1
}

# The image: the program under both names that the platform may call, and the libraries it is linked with.
cp "$smtrain" "$root/opt/program/smtrain"
ln -s smtrain "$root/opt/program/train"
ldd "$smtrain" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

config() { cat > "$ml/input/config/$1"; }
channels() { # NAME...
  local json="" name
  for name in "$@"; do
    json+="${json:+, }\"$name\": {\"TrainingInputMode\": \"File\", \"S3DistributionType\": \"FullyReplicated\", \"RecordWrapperType\": \"None\"}"
    mkdir -p "$ml/input/data/$name"
  done
  config inputdataconfig.json <<< "{$json}"
}
config resourceconfig.json <<< '{"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0"}'

case $article in
  cats) # the first article: one channel with both splits; a PyTorch estimator encodes its hyperparameters as JSON
    channels training
    "$smtrain" data synth folders --classes 3 --per-class 12,4 --size 64 --out "$ml/input/data/training" > "$top/out"
    config hyperparameters.json <<< '{"backend": "\"gloo\"", "epochs": "2", "log-interval": "2", "sagemaker_program":
      "\"classifier.py\"", "sagemaker_container_log_level": "20", "sagemaker_region": "\"ap-northeast-2\""}'
    cp "$source/configs/cats.yaml" "$ml/input/config/smtrain.yaml"
    expected=('Distributed training - False' 'Processes 36/36 (100%) of train data' 'Train Epoch: 2 [32/36 (89%)] Loss: '
      'Saving the model.') ;;
  mnist) # the second: two channels of IDX files; a plain estimator writes str(value); the recipe is a channel
    channels training validation config
    "$smtrain" data synth digits --train 300 --test 60 --out "$top/digits" > "$top/out"
    mv "$top"/digits/train-* "$ml/input/data/training"
    mv "$top"/digits/t10k-* "$ml/input/data/validation"
    config hyperparameters.json <<< '{"lr": "0.01", "batch_size": "100", "epochs": "1", "gpus": "2"}'
    sed 's/style: pytorch/style: keras/' "$source/configs/mnist.yaml" > "$ml/input/data/config/mnist.yaml"
    expected=("Hyper parameters: {'lr': '0.01', 'batch_size': '100', 'epochs': '1', 'gpus': '2'}"
      'x_train shape: (300, 28, 28, 1)' 'Train on 300 samples, validate on 60 samples' '300/300 [===' 'Saved Keras model') ;;
  walkthrough) # the third: no recipe at all, hyperparameters of another job's names
    channels training
    "$smtrain" data synth folders --classes 2 --per-class 16,4 --size 64 --out "$ml/input/data/training" > "$top/out"
    config hyperparameters.json <<< '{"batch_size": "32", "lr": "1e-4", "image_size": "48", "epochs": "1", "shape": "x"}'
    expected=('Processes 32/32 (100%) of train data' 'Test set: Average loss: ') ;;
  tensorflow) # the fourth: channels train and eval, model_dir is a URL, the recipe in a channel's sourcedir.tar.gz
    channels train eval
    "$smtrain" data synth folders --classes 2 --per-class 10,4 --size 32 --out "$top/data" > "$top/out"
    mv "$top"/data/train/* "$ml/input/data/train"
    mv "$top"/data/validation/* "$ml/input/data/eval"
    config hyperparameters.json <<< '{"epochs": "1", "batch_size": "5", "learning_rate": "0.1",
      "model_dir": "\"s3://bucket/job/model\""}'
    mkdir "$top/source"
    sed 's/classes: 3/classes: 2/' "$source/configs/cats.yaml" > "$top/source/job.yaml"
    tar -C "$top/source" -czf "$ml/input/data/train/sourcedir.tar.gz" .
    expected=('Processes 8/8 (100%) of test data' 'Test set: Average loss: ') ;;
  graphemes) # the fifth: pictures of 137 x 236, names of hyperparameters with both '-' and '_'
    channels training
    "$smtrain" data synth folders --classes 3 --per-class 6,2 --size 64 --out "$ml/input/data/training" > "$top/out"
    config hyperparameters.json <<< '{"num_epochs": "1", "batch-size": "6", "model_name": "\"net\"", "optimizer":
      "\"adam\"", "lr": "0.001", "log-interval": "1", "image_size": "[137, 236]", "config": "\"g.yaml\""}'
    mkdir -p "$ml/code"
    cp "$source/configs/cats.yaml" "$ml/code/g.yaml"
    expected=('Train Epoch: 1 [18/18 (100%)] Loss: ') ;;
  *) echo "container: no article '$article'" >&2; exit 2 ;;
esac

# Everything read-only, but for what the platform collects and /tmp.
mkdir "$top/root"
mount --bind "$root" "$top/root"
mount --bind "$ml" "$top/root/opt/ml"
mount --bind "$top/tmp" "$top/root/tmp"
for folder in model output; do
  mount --bind "$ml/$folder" "$top/root/opt/ml/$folder"
  chown "$uid:$uid" "$ml/$folder"
done
chown "$uid:$uid" "$top/tmp"
mount -o remount,bind,ro "$top/root"
mount -o remount,bind,ro "$top/root/opt/ml"
find "$ml/input" | sort > "$top/input.before"

run() { # ARGUMENT...
  env -i "$(command -v chroot)" --userspec="$uid:$uid" "$top/root" "$@" > "$top/out" 2> "$top/err"
}

run /opt/program/train train || fail "exit code $?"
for line in "${expected[@]}"; do
  grep -qF -- "$line" "$top/out" || fail "standard output lacks '$line'"
done
for file in model/model.safetensors model/model.pth output/data/metrics.jsonl output/data/results.png output/success; do
  [[ -s $ml/$file || $file == output/success && -e $ml/$file ]] || fail "$file is not there"
done
[[ $(find "$ml/model" -type f | wc -l) == 2 ]] || fail "the model's folder holds $(ls "$ml/model")"
[[ ! -e $ml/output/failure ]] || fail "there is a failure"
find "$ml/input" | sort | cmp -s - "$top/input.before" || fail "the input was written to"
[[ -z $(find "$top/tmp" -type f) ]] || fail "left in /tmp: $(find "$top/tmp" -type f)"
if grep -q $'[\t\r\e]' "$top/out" "$top/err"; then fail "a line has a tab, a carriage return or a colour"; fi
if [[ $article == walkthrough ]]; then
  grep -qF "unknown hyperparameter 'shape'" "$top/err" || fail "no warning of hyperparameter shape"
fi

# A failure: exit code 2, its cause in output/failure, nothing else left as success.
mount -o remount,bind,rw "$top/root/opt/ml"
config hyperparameters.json <<< '{}'
mount -o remount,bind,ro "$top/root/opt/ml"
if run /opt/program/smtrain train --batch-size many; then fail "a wrong option was accepted"; fi
[[ ! -e $ml/output/success ]] || fail "a failed run left output/success"
grep -q "^--batch-size many: train.batch_size: expected a whole number" "$ml/output/failure" ||
  fail "output/failure: $(cat "$ml/output/failure")"
[[ $(wc -c < "$ml/output/failure") -le 1024 ]] || fail "output/failure is longer than 1024 characters"
echo "container: $article: passed"
