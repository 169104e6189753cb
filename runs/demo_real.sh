#!/usr/bin/env bash
# A real small model on the project's own shortcuts, with a CPU: LoRA on 135 million parameters, its scores, and one sentence.
#   make demo-real                      # downloads SmolLM2-135M-Instruct (270 MB) from the Hugging Face hub
#   MODEL=a_folder make demo-real       # a folder or another name of the hub; nothing is downloaded for a folder
#   MINUTES=60 make demo-real           # train longer: 20 minutes show that it learns, an hour or two what it can
# Requests and programs are written by rules, half of them short ones of everyday life; most prompts offer up to 8 actions that are not
# needed. Samples of more than 768 tokens are left out: a core reads some 100 tokens a second in training. It goes on after a kill.
set -euo pipefail
cd "$(dirname "$0")/.."

base=${MODEL:-HuggingFaceTB/SmolLM2-135M-Instruct} minutes=${MINUTES:-20} samples=${SAMPLES:-16}
data=${DATA:-data/demo-real} model=${RUNS:-runs}/demo-real
export OMP_WAIT_POLICY=PASSIVE

step() { printf '\n── %s\n' "$1" >&2; shift; python "$@"; }
queries() {  # name, flags of stage 04: queries and their programs
    python 04_expand.py --input $data/seed.jsonl --output "$data/$1.jsonl" --writer offline "${@:2}"
    python 05_annotate.py --input "$data/$1.jsonl" --output "$data/$1-generated.jsonl" --model offline
}

step "1 to 3: the shortcuts of examples/, as programs, with plans and requests" 01_scrape.py --folder examples --output $data/shortcuts.jsonl
python 02_transcribe.py --input $data/shortcuts.jsonl --output $data/workflows.jsonl
python 03_thoughts.py --input $data/workflows.jsonl --output $data/seed.jsonl --writer offline
printf '\n── 4 and 5: requests for two or three actions, and of everyday life, with their programs\n' >&2
queries small --count "${QUERIES:-800}" --max-apis 3
queries everyday --count "${QUERIES:-800}" --sampling everyday
step "6: the dataset, and its tests" 06_filter_merge.py --input $data/seed.jsonl --generated $data/{small,everyday}-generated.jsonl \
    --tokenizer "$base" --distractors 8 --distractor-share 0.75 --output $data/bench
step "7: LoRA for $minutes minutes" 07_train.py --input $data/bench/train.jsonl --model "$base" --context 768 --rows 2 --epochs 1 \
    --max-minutes "$minutes" --save-minutes 5 --output $model
step "8: its scores beside baselines" 08_eval.py --bench $data/bench --model real=$model --limit "$samples" --max-new-tokens 384 \
    --output $data/eval
step "5: one sentence" 05_annotate.py --query "remind me to water the plants in two hours" --model $model --max-new-tokens 384 \
    --output $data/plants.shortcut --force --overwrite
