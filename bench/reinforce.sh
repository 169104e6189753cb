#!/usr/bin/env bash
# Does reinforcement help? From one supervised model, an hour of it and, beside it, an hour more of supervised training; both scored freely.
#   bash bench/reinforce.sh data/corpus/bench runs/corpus SEED        (the first two by runs/corpus.sh; seeds 0, 1 and 2 are three runs)
# MINUTES is 60 by default; OUTPUT and EVAL are the output and more flags of 08. The same command goes on where it was stopped. Answers are
# not held to the grammar; the figures to compare are `compile`, `execution_match` and `trace_match` in scores.json with their intervals,
# which need at least 200 tests.
set -euo pipefail
cd "$(dirname "$0")/.."

bench=${1:?the folder of a dataset} model=${2:?the folder of a supervised model} seed=${3:?a seed} minutes=${MINUTES:-60}
shared=(--input "$bench/train.jsonl" --model "$model" --lora-rank 0 --seed "$seed" --max-minutes "$minutes" --save-every 10)
python 07_train.py "${shared[@]}" --reinforce --prompts "${PROMPTS:-8}" --group "${GROUP:-8}" --max-new-tokens "${TOKENS:-768}" \
    --lr "${RATE:-1e-4}" --steps "${STEPS:-1000}" --validate-every "${VALIDATE:-50}" --sample-generations 16 --row-tokens 8192 --output "$model-reinforced-$seed"
python 07_train.py "${shared[@]}" --lr "${SUPERVISED_RATE:-2e-4}" --steps "${SUPERVISED_STEPS:-20000}" --output "$model-longer-$seed"
python 08_eval.py --bench "$bench" --no-constrained --model "before=$model" --model "reinforced=$model-reinforced-$seed" \
    --model "longer=$model-longer-$seed" --output "${OUTPUT:-$(dirname "$bench")/eval-$seed}" ${EVAL:-}
