#!/usr/bin/env bash
# The chain on a folder of real shortcuts, with nothing but a CPU: offline writer, rule-based annotator, tiny model.
#   bash runs/corpus.sh ../shared/corpus/plist
# It is not the paper's experiment: rules write instead of ChatGPT, rules annotate instead of a model trained on the seed, nothing is
# refined, the APIs of queries are drawn evenly, and the model is tiny, starts from nothing and answers in its context of 2,048 tokens, held
# to the grammar of its APIs. The tests are chosen from the first, smaller dataset, which trains nothing, and kept out of the second. Half of
# the first one's queries need three APIs of one or two apps: so there are whole apps that a test of 120 records can hold out. Training has
# short requests of everyday life besides, and half of its prompts offer actions that they do not need.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?the folder of shortcuts} data=${2:-data/corpus} model=${3:-runs/corpus}

queries() {  # name, flags of stage 04: queries and their programs
    python 04_expand.py --input $data/seed.jsonl --output "$data/$1.jsonl" --writer offline "${@:2}"
    python 05_annotate.py --input "$data/$1.jsonl" --output "$data/$1-generated.jsonl" --model offline
}

python 01_scrape.py --folder "$folder" --output $data/shortcuts.jsonl
python 02_transcribe.py --input $data/shortcuts.jsonl --output $data/workflows.jsonl --workers 2
python 03_thoughts.py --input $data/workflows.jsonl --output $data/seed.jsonl --writer offline
queries sets --count 1000
queries small --count 1500 --max-apis 3 --seed 1
python 06_filter_merge.py --input $data/seed.jsonl --generated $data/{sets,small}-generated.jsonl --test-size 240 --output $data/tests
queries sets --count "${QUERIES:-10000}"
queries everyday --count "${EVERYDAY:-3000}" --sampling everyday
python 06_filter_merge.py --input $data/seed.jsonl --generated $data/{sets,small,everyday}-generated.jsonl --tests-from $data/tests \
    --output $data/bench
python 07_train.py --input $data/bench/train.jsonl --model tiny --copy-drill 3000 --steps "${STEPS:-8000}" --output $model
python 08_eval.py --bench $data/bench --model tiny=$model --output $data/eval
