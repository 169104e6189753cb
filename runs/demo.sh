#!/usr/bin/env bash
# All eight stages on the project's own shortcuts, with nothing but a CPU: no key, no network, no download.
# The writer is the offline one, the annotator too, the model a tiny Llama that is built and trained from nothing.
# It shows that the stages fit together and is not the paper's experiment: rules write and annotate, nothing is refined, and the model
# answers in at most 384 tokens, held to the grammar of its APIs. Nothing is trained before the tests are chosen.
# A second run asks and trains nothing again; `make clean` removes what it made. DEMO_SIZE=smallest is the size for CI.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${DEMO_SIZE:-full}" in
    smallest) name=demo-smallest queries=60 steps=20 samples=4 tokens=160 time="half a minute" ;;
    full)     name=demo queries=240 steps=200 samples=16 tokens=384 time="1 to 2 minutes" ;;
    *) echo "DEMO_SIZE is full or smallest" >&2; exit 2 ;;
esac
data=data/$name model=runs/$name

# The last line of a stage is JSON for scripts; here its first figures, in one line. Ctrl-C is for the stage, whose end ends this too.
shorten() {
    trap '' INT
    exec sed -E -e '/^\{"stage":/!b' -e 's/^\{"stage":"[a-z_]*",//' -e 's/["{}]//g' -e 's/:/ /g' -e 's/,/, /g' \
        -e 's/(\.[0-9]{4})[0-9]+/\1/g' -e 's/^(.{80}[^,]*), .*/\1, …/' -e 's/^/   /'
}
step() { printf '\n── %s\n' "$1" >&2; shift; python "$@" | shorten; }

step "1 Collect: import the shortcut files of examples/ (a second)" \
    01_scrape.py --folder examples --output $data/shortcuts.jsonl
step "2 Transcribe: write each as Python, compile it again and compare (a few seconds)" \
    02_transcribe.py --input $data/shortcuts.jsonl --output $data/workflows.jsonl
step "3 Think: add comments, names, a plan and a request, here by rules (a few seconds)" \
    03_thoughts.py --input $data/workflows.jsonl --output $data/seed.jsonl --writer offline
step "4 Expand: write $queries requests that need other APIs and apps, by rules (a few seconds)" \
    04_expand.py --input $data/seed.jsonl --output $data/queries.jsonl --writer offline --count $queries
step "5 Annotate: write a plan and a program for each of them, by rules (a few seconds)" \
    05_annotate.py --input $data/queries.jsonl --output $data/generated.jsonl --model offline
step "6 Filter: drop bad records and near duplicates, merge, split into training and two tests (ten seconds)" \
    06_filter_merge.py --input $data/seed.jsonl --generated $data/generated.jsonl --output $data/bench
step "7 Train: a tiny model from nothing, $steps steps ($time)" \
    07_train.py --input $data/bench/train.jsonl --model tiny --steps $steps --output $model
step "8 Evaluate: the model beside baselines that need none, on test requests (half a minute)" \
    08_eval.py --bench $data/bench --model tiny=$model --limit $samples --max-new-tokens $tokens --output $data/eval

step "5 again: the model answers 5 test requests; each program has to call its APIs (ten seconds)" 05_annotate.py \
    --model $model --input $data/bench/test_id.jsonl --limit 5 --use-all --max-new-tokens $tokens --output $data/written.jsonl
step "2 backwards: what it wrote, as shortcut files (a second)" \
    02_transcribe.py --to-shortcut $data/written.jsonl --force --output $data/shortcuts

cat >&2 <<END

Done. The tables of stage 8 say that the chain works, not that the model is good: it is tiny, and a list of the given APIs scores higher.
Open first, in a browser:
  file://$PWD/$data/eval/eval.html
      the scores, and each answer of the model beside the program that was wanted
Then:
  file://$PWD/$data/bench/browse.html
      the dataset: each shortcut as its actions and as a program
  $data/eval/tables.md      the tables of stage 8
  $data/bench/README.md     the data card: what was dropped, and why
  $data/shortcuts/          the model's programs as shortcut files: valid, and of little sense
  $model/                the model
Your own:
  source .venv/bin/activate
  python 05_annotate.py --query "start a timer for 10 minutes"
END
