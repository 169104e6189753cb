#!/usr/bin/env bash
# Does reinforcement help? From one supervised model, MINUTES of it and, beside it, as many more of supervised training on the same records;
# all three answer the tests freely.
#   bash bench/reinforce.sh data/corpus/bench runs/corpus SEED [RECORDS]        (the first two by runs/corpus.sh; seeds 0, 1, 2: three runs)
# RECORDS are those that both learn from, by default the train.jsonl of the dataset. Those that the model was not trained on teach more: of
# those that it knows by heart, all its answers are worth the same. MINUTES is 60 by default; OUTPUT and EVAL are the output and more flags
# of 08. The same command goes on where it was stopped. The figures to compare are `compile`, `execution_match` and `trace_match`, and the
# `differences` in scores.json, which are by sample; they need at least 200 tests.
set -euo pipefail
cd "$(dirname "$0")/.."

bench=${1:?the folder of a dataset} model=${2:?the folder of a supervised model} seed=${3:?a seed} records=${4:-$1/train.jsonl}
shared=(--input "$records" --model "$model" --lora-rank 0 --seed "$seed" --max-minutes "${MINUTES:-60}" --warmup 0.05)
python 07_train.py "${shared[@]}" --reinforce --prompts "${PROMPTS:-8}" --group "${GROUP:-8}" --max-new-tokens "${TOKENS:-768}" \
    --temperature "${TEMPERATURE:-1}" --lr "${RATE:-1e-4}" --steps "${STEPS:-1000}" --validate-every "${VALIDATE:-50}" \
    --sample-generations 16 --row-tokens 8192 --save-every 10 --output "$model-reinforced-$seed"
python 07_train.py "${shared[@]}" --lr "${SUPERVISED_RATE:-2e-4}" --steps "${SUPERVISED_STEPS:-20000}" --rows 2 --save-every 100 \
    --output "$model-longer-$seed"
python 08_eval.py --bench "$bench" --no-constrained --model "before=$model" --model "reinforced=$model-reinforced-$seed" \
    --model "longer=$model-longer-$seed" --output "${OUTPUT:-$(dirname "$bench")/eval-$seed}" ${EVAL:-}
