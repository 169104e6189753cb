#!/usr/bin/env bash
# All eight stages on the project's own shortcuts, with nothing but a CPU: no key, no network, no download.
# The writer is the offline one, the annotator too, the model a tiny Llama that is built and trained from nothing.
# It shows that the stages fit together and is not the paper's experiment: rules write and annotate, nothing is refined, and the model
# answers in at most 384 tokens, held to the grammar of its APIs. Nothing is trained before the tests are chosen.
# Run it again and it does nothing twice; `make clean` starts anew. DEMO_SIZE=smallest is what CI runs.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${DEMO_SIZE:-full}" in
    smallest) name=demo-smallest queries=60 steps=20 samples=4 tokens=160 ;;
    full)     name=demo queries=240 steps=200 samples=16 tokens=384 ;;
    *) echo "DEMO_SIZE is full or smallest" >&2; exit 2 ;;
esac
data=data/$name model=runs/$name

step() { echo "── $1" >&2; shift; python "$@"; }

step "1 collect: the shortcuts of examples/"     01_scrape.py --folder examples --output $data/shortcuts.jsonl
step "2 transcribe: to Python that compiles back" 02_transcribe.py --input $data/shortcuts.jsonl --output $data/workflows.jsonl
step "3 think: comments, names, plan, query"     03_thoughts.py --input $data/workflows.jsonl --output $data/seed.jsonl --writer offline
step "4 expand: queries over more APIs and apps" 04_expand.py --input $data/seed.jsonl --output $data/queries.jsonl --writer offline --count $queries
step "5 annotate: a program for each query"      05_annotate.py --input $data/queries.jsonl --output $data/generated.jsonl --model offline
step "6 filter, merge and split"                 06_filter_merge.py --input $data/seed.jsonl --generated $data/generated.jsonl --output $data/bench
step "7 train a tiny model"                      07_train.py --input $data/bench/train.jsonl --model tiny --steps $steps --output $model
step "8 evaluate it beside the trivial baselines" 08_eval.py --bench $data/bench --model tiny=$model --limit $samples --max-new-tokens $tokens --output $data/eval

step "5 again: the model writes, held to the grammar and to its APIs" 05_annotate.py --model $model --input $data/bench/test_id.jsonl --limit 5 \
    --use-all --max-new-tokens $tokens --output $data/written.jsonl
step "2 backwards: what it wrote as shortcuts"   02_transcribe.py --to-shortcut $data/written.jsonl --force --output $data/shortcuts
cat >&2 <<END
done. What to look at:
  $PWD/$data/bench/browse.html    the dataset, in a browser
  $PWD/$data/eval/eval.html    what the model wrote beside what was wanted, query by query
  $data/eval/tables.md    the scores; the baselines need no model, and a model of this size does not beat them all
  $data/shortcuts/    the model's programs as shortcuts: valid, and of little sense at this size; a Mac can sign them
  $model/    the model
Your own: source .venv/bin/activate; python 05_annotate.py --query "start a timer for 10 minutes" --output timer.shortcut
END
