#!/usr/bin/env bash
# From seed and queries (data_stages.sh) to a model and its scores: the tests are chosen, an annotator is trained on the rest of the seed,
# it writes the synthetic programs, they are filtered and merged with the seed, the final model is trained on all but the tests and
# evaluated. Each job waits for the one before; the last one's number is printed.
#     bash runs/slurm/chain.sh
#     ENGINE=vllm VLLM=~/vllm/bin/vllm PARTS=32 bash runs/slurm/chain.sh --lr 1e-4
#     AFTER=$(bash runs/slurm/data_stages.sh --folder my_shortcuts) bash runs/slurm/chain.sh
# Arguments go to both trainings. After a failure run it again: every stage goes on where it stopped, and what is done is passed over.
# Environment, account and requeueing: see single_node.sh.
# Not yet run on GPUs, with a large model or with vLLM: tests/test_slurm.py runs it with the tiny model on CPUs.
# Unlike the paper: LoRA at 2e-4 and not the whole model at 2e-5 (for that: --lora-rank 0), the best weights by validation loss
# and not the last, no example in the prompts of 08. The rest is as in paper.sh: refinement by gpt-4o-mini (OPENAI_API_KEY; REFINE= goes
# without), a batch rounded to whole rows, 4,096 new tokens in 05 (greedy here), a row free and one under the grammar in 08.
set -euo pipefail
cd "$(dirname "$0")/../.."

DATA=${DATA:-data}
RUNS=${RUNS:-runs}
MODEL=${MODEL:-meta-llama/Llama-3.1-8B} # of the annotator and of the final model
GPUS=${GPUS:-8}                         # of the node that trains
CPUS=${CPUS:-8}                         # for each GPU
PARTS=${PARTS:-8}                       # of the generation, a GPU each
ENGINE=${ENGINE:-transformers}          # or vllm, see serve_vllm.sh
GENERATE=${GENERATE:---batch-size 32}   # flags of 05
REFINE=${REFINE---refine gpt-4o-mini --no-cache --budget-usd 40} # flags of 05; the budget is that of each part
EVALUATE=${EVALUATE:---constrained both} # flags of 08
AFTER=${AFTER:-}                        # a job that must have succeeded first

case $ENGINE in transformers | vllm) ;; *) echo "error: ENGINE is transformers or vllm, not $ENGINE" >&2; exit 2 ;; esac
mkdir -p "$DATA/logs"
submit() { # NAME OPTION...: prints the job's number; it starts when the job $AFTER has succeeded
    # shellcheck disable=SC2086 # two words
    sbatch --parsable --job-name="$1" --output="$DATA/logs/%x-%j.log" ${AFTER:+--dependency=afterok:$AFTER --kill-on-invalid-dep=yes} \
        "${@:2}"
}
tokenizer=(--tokenizer "$MODEL")
if [ "$MODEL" = tiny ]; then tokenizer=(); fi # it has none before it is trained
train() { # NAME DATA ARGUMENT...
    submit "$1" --nodes=1 --ntasks-per-node="$GPUS" --gpus-per-node="$GPUS" --cpus-per-task="$CPUS" --mem=0 \
        07_train.py --input "$2/train.jsonl" --model "$MODEL" --output "$RUNS/$1" "${@:3}"
}
generate() {
    local part=(--array="0-$((PARTS - 1))" --gpus-per-node=1 --cpus-per-task="$CPUS")
    local flags="--input $DATA/queries.jsonl --output $DATA/generated.jsonl $GENERATE $REFINE"
    if [ "$ENGINE" = vllm ]; then
        # shellcheck disable=SC2086 # several words
        BASE=$MODEL ADAPTER=$RUNS/annotator DATA=$DATA submit generate "${part[@]}" runs/slurm/serve_vllm.sh $flags
    else
        submit generate "${part[@]}" --wrap "python 05_annotate.py --model $RUNS/annotator $flags"
    fi
}

# the tests, before a model has seen anything
AFTER=$(submit seed --wrap "python 06_filter_merge.py --input $DATA/seed.jsonl --generated none --distractors 0 \
    --output $DATA/seed_bench ${tokenizer[*]}")
AFTER=$(train annotator "$DATA/seed_bench" "$@")
AFTER=$(generate)
AFTER=$(submit merge --wrap "cat $DATA/generated.*-of-$PARTS.jsonl > $DATA/generated.jsonl &&
    python 06_filter_merge.py --input $DATA/seed.jsonl --generated $DATA/generated.jsonl --tests-from $DATA/seed_bench \
        --distractors 0 --output $DATA/bench ${tokenizer[*]}")
AFTER=$(train final "$DATA/bench" "$@")
submit evaluate --gpus-per-node=1 --cpus-per-task="$CPUS" \
    --wrap "python 08_eval.py --bench $DATA/bench --model $RUNS/final --output $DATA/eval $EVALUATE"
