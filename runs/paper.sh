#!/usr/bin/env bash
# The paper's recipe (section 4.1, its repository where the paper is silent) on a node of 8 GPUs, from a seed and queries to scores:
#
#     bash runs/paper.sh              # the whole model is trained, as in the paper
#     TUNING=lora bash runs/paper.sh  # LoRA of rank 16: a tenth of the memory, one GPU is enough
#     REFINE= bash runs/paper.sh      # without refinement, so without a key
#
# Reads data/seed.jsonl and data/queries.jsonl: the paper's are of 03 --query-from code and 04 --sampling paper, see data_stages.sh.
# Every step resumes: run it again after a kill. More systems for the table: EVALUATE="--model gpt-4o@https://api.openai.com/v1".
# Not yet run on GPUs, and so not with a model of this size: tests/test_recipes.py runs it with a tiny model and a server of its own.
#
#   | setting         | the paper             | here, and why where it differs                                                         |
#   | --------------- | --------------------- | -------------------------------------------------------------------------------------- |
#   | base            | LLaMA-3.1-8B          | the same. Its repository's default is the Instruct model: BASE=...-Instruct            |
#   | epochs          | 3                     | the same                                                                               |
#   | queries         | from code; APIs as    | as 03 and 04 made them: their own way is from the plan, and APIs drawn evenly, at most |
#   |                 | the seed's numbers    | 12 a query, so that rare ones are learned, too                                         |
#   | refinement      | ChatGPT refines plan  | the same, by gpt-4o-mini (REFINE); an answer that the checker finds worse than the     |
#   |                 | and comments          | draft is not taken. No examples in its prompt                                          |
#   | batch           | 32                    | 32 on average, in whole packed rows: 12 rows a step with samples of 3,000 tokens on    |
#   |                 |                       | average, on any number of devices. On 8 of them 4 idle in a step's second half;        |
#   |                 |                       | --rows 16 would use them, at a batch of 43                                             |
#   | optimizer       | AdamW, 2e-5           | the same; LoRA takes ten times the rate                                                |
#   | schedule        | linear, warm-up 0.1   | the same                                                                               |
#   | clip            | 0.3 (repository)      | the same                                                                               |
#   | longest sample  | 8,192, cut            | 8,192, longer ones rejected and counted: a cut answer teaches not to stop              |
#   | prompts         | name the needed APIs  | the same: 06 --distractors 0. Ours add some that are not needed, as a search does      |
#   | loss            | on the answer         | the same, over the tokens of the whole batch, however it is spread over devices        |
#   | precision       | bf16 weights          | arithmetic in bf16, fp32 weights behind it: at this rate most updates are lost in bf16 |
#   | memory          | ZeRO-2, NVMe offload  | FSDP2: 128 GB of weights, gradients and moments over 8 devices are 16 GB each          |
#   | which weights   | not stated            | the last step's, as a run without validation would leave them                          |
#   | noise           | NEFTune, optional     | none                                                                                   |
#   | annotating      | up to 8,192 tokens    | 4,096 new ones in 05 (--max-new-tokens), 0.6 and 0.9 as in the paper, one GPU; held to |
#   |                 | with the prompt       | the grammar of the query's APIs, as a wrong answer would be dropped (--no-constrained) |
#   | generation      | sampled, 0.6 and 0.9, | greedy in 08, so that a table can be repeated; up to 8,192 new tokens, as far as the   |
#   |                 | 8,192 with the prompt | context goes. What is cut is counted                                                   |
#   | held to         | nothing               | both: a row free, as the paper's, and one held to the grammar of the given APIs        |
#   | baselines       | with and without one  | the same for the base model, and what needs no model                                   |
#   |                 | example in the prompt |                                                                                        |
set -euo pipefail
cd "$(dirname "$0")/.."

base=${BASE:-meta-llama/Llama-3.1-8B} data=${DATA:-data} runs=${RUNS:-runs}
train=${TRAIN:-}                                             # more flags of 07, 05 and 08
generate=${GENERATE:---batch-size 32 --temperature 0.6 --top-p 0.9}
evaluate=${EVALUATE:-}
refine=${REFINE---refine gpt-4o-mini --budget-usd 300}       # flags of 05; by our estimate 220 dollars for 92,000 queries
paper="--model $base --epochs 3 --batch-size 32 --warmup 0.1 --clip 0.3 --context 8192 --export last --sample-generations 8"
case "${TUNING:-full}" in
    full) settings="--lora-rank 0 --lr 2e-5 --precision bf16" ;;
    lora) settings="--lora-rank 16 --lora-alpha 32 --lr 2e-4 --precision bf16" ;;
    *) echo "TUNING is full or lora" >&2; exit 2 ;;
esac
tokenizer="--tokenizer $base"
if [ "$base" = tiny ]; then settings="" tokenizer=""; fi     # it has a rate of its own, and no tokenizer before it is trained

step() { echo "── $1" >&2; shift; python "$@"; }
# shellcheck disable=SC2086  # the settings are words
{
step "the tests, before a model has seen anything" 06_filter_merge.py --input $data/seed.jsonl --generated none $tokenizer \
    --distractors 0 --output $data/bench-seed
step "the annotator, from the seed alone" 07_train.py --input $data/bench-seed/train.jsonl $paper $settings $train --output $runs/annotator
step "a program for each query, refined" 05_annotate.py --model $runs/annotator --input $data/queries.jsonl $generate $refine \
    --output $data/generated.jsonl
step "filter, merge, keep those tests" 06_filter_merge.py --input $data/seed.jsonl --generated $data/generated.jsonl \
    --tests-from $data/bench-seed --distractors 0 $tokenizer --output $data/bench
step "the model" 07_train.py --input $data/bench/train.jsonl $paper $settings $train --output $runs/workflowllama
[ "$base" = tiny ] || step "scores of the base model, without and with an example" \
    08_eval.py --bench $data/bench --model "$base" --shots 0 1 --constrained both $evaluate --output $data/eval
step "scores of the model, beside those and the baselines" \
    08_eval.py --bench $data/bench --model $runs/workflowllama --constrained both $evaluate --output $data/eval
}
