#!/usr/bin/env bash
# Train on several nodes, by default four of eight GPUs: sharded within a node, where the links are fast, and replicated over the nodes
# (HSDP), so that only gradients travel between them. Prints the job's number.
#     bash runs/slurm/multi_node.sh --batch-size 128
#     NODES=16 INTERFACE=ib0 bash runs/slurm/multi_node.sh --output runs/wide
# Arguments go to 07_train.py; a model that does not fit one node takes --strategy fsdp, which shards over all of them. The repository, the
# models (HF_HOME) and --output must lie on a file system that all nodes see. Environment, account and requeueing: see single_node.sh.
# Not yet run on GPUs, or on more than one machine: tests/test_slurm.py runs two nodes of one machine with the tiny model on CPUs.
# Unlike the paper: LoRA of rank 16 at ten times the rate of full tuning, and a batch that is rounded to whole packed rows. With samples of
# 3,000 tokens on average a batch of 32 is 12 rows, so of 32 GPUs 20 idle: the run says so, and which --rows would use them. It
# trains alone: stage 06 has chosen the tests before.
set -euo pipefail
cd "$(dirname "$0")/../.."

MODEL=${MODEL:-meta-llama/Llama-3.1-8B}
NODES=${NODES:-4}
GPUS=${GPUS:-8} # of each node
CPUS=${CPUS:-8} # for each GPU

# the network between the nodes, where NCCL and gloo do not find it by themselves
if [ -n "${INTERFACE:-}" ]; then export NCCL_SOCKET_IFNAME=$INTERFACE GLOO_SOCKET_IFNAME=$INTERFACE; fi
sbatch --parsable --nodes="$NODES" --ntasks-per-node="$GPUS" --gpus-per-node="$GPUS" --cpus-per-task="$CPUS" --mem=0 \
    07_train.py --model "$MODEL" --strategy hsdp "$@"
