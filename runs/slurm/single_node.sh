#!/usr/bin/env bash
# Train on one node, by default of eight GPUs: FSDP2, the paper's settings but for LoRA. Prints the job's number.
#     bash runs/slurm/single_node.sh
#     bash runs/slurm/single_node.sh --dry-run               # what it would take: memory, time, from a few measured steps
#     bash runs/slurm/single_node.sh --lora-rank 0           # the whole model, as in the paper
#     MODEL=Qwen/Qwen2.5-7B GPUS=4 bash runs/slurm/single_node.sh --input data/mine.jsonl --output runs/mine
# Arguments go to 07_train.py. Activate the Python environment first: a job inherits it. Account, partition and time limit are yours to
# export: SBATCH_ACCOUNT, SBATCH_PARTITION, SBATCH_TIMELIMIT. Ten minutes before the limit the run saves, requeues itself and goes on by
# itself; `scancel --signal=USR1 JOB` makes it do so at once. `scancel JOB` saves and ends it; the same command goes on from there.
# Not yet run on GPUs: tests/test_slurm.py runs it with the tiny model on CPUs.
# Unlike the paper: LoRA of rank 16 at ten times the rate of full tuning, and a batch of 32 samples that is rounded to whole packed rows (see
# paper.sh). It trains alone: stage 06 has chosen the tests before.
set -euo pipefail
cd "$(dirname "$0")/../.."

MODEL=${MODEL:-meta-llama/Llama-3.1-8B}
GPUS=${GPUS:-8}
CPUS=${CPUS:-8} # for each GPU

# all of a node's memory: rank 0 holds the whole model while it loads, 16 GB in bf16, 32 GB to be trained whole
sbatch --parsable --nodes=1 --ntasks-per-node="$GPUS" --gpus-per-node="$GPUS" --cpus-per-task="$CPUS" --mem=0 \
    07_train.py --model "$MODEL" "$@"
