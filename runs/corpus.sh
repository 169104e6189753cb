#!/usr/bin/env bash
# The chain on a folder of real shortcuts, with nothing but a CPU: offline writer, rule-based annotator, tiny model.
#   bash runs/corpus.sh ../shared/corpus/plist
# It is not the paper's experiment: rules write instead of ChatGPT, rules annotate instead of a model trained on the seed, nothing is
# refined, the APIs of queries are drawn evenly, and the model is tiny, starts from nothing and answers in its context of 2,048 tokens, held
# to the grammar of its APIs. The tests are chosen from the first, smaller dataset, which trains nothing, and kept out of the second.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?the folder of shortcuts} data=${2:-data/corpus} model=${3:-runs/corpus}
python 01_scrape.py --folder "$folder" --output $data/shortcuts.jsonl
python 02_transcribe.py --input $data/shortcuts.jsonl --output $data/workflows.jsonl --workers 2
python 03_thoughts.py --input $data/workflows.jsonl --output $data/seed.jsonl --writer offline
# the tests first, from a dataset that is small enough for a tenth of it to be theirs; then ten times as much to train on
for count in 1000 10000; do
    python 04_expand.py --input $data/seed.jsonl --output $data/queries.jsonl --writer offline --count $count
    python 05_annotate.py --input $data/queries.jsonl --output $data/generated.jsonl --model offline
    [ $count = 1000 ] && made=(--output $data/tests) || made=(--output $data/bench --tests-from $data/tests)
    python 06_filter_merge.py --input $data/seed.jsonl --generated $data/generated.jsonl "${made[@]}"
done
python 07_train.py --input $data/bench/train.jsonl --model tiny --copy-drill 3000 --steps "${STEPS:-8000}" --output $model
python 08_eval.py --bench $data/bench --model tiny=$model --output $data/eval
