#!/usr/bin/env bash
# Llama 3.1 8B on one card of 24 GB (RTX 3090 or 4090, A5000, L4, A10): LoRA, on data/bench/train.jsonl (stage 06).
#
#     bash runs/one_24gb.sh                     # weights in bf16, samples of up to 4,096 tokens
#     QUANTIZE=1 bash runs/one_24gb.sh          # QLoRA: weights in 4 bits, samples of up to 8,192
#
# QLoRA needs one more package: python -m pip install -c constraints.txt bitsandbytes
# Not yet run: neither on such a card nor with 4 bits. It trains alone; stage 06 has chosen the tests before, stage 08 evaluates after it.
# Unlike the paper: LoRA of rank 16 at ten times the rate of full tuning, and without QUANTIZE samples of more than 4,096 tokens are
# rejected (the paper: 8,192, cut). Batch, epochs, schedule and clip are the paper's; a step takes whole rows, so 32 samples on average.
#
# Where the memory goes, in GiB, by arithmetic (metrics.csv has the peak of every step):
#
#                                                                            bf16, 4,096    4 bits, 8,192
#   weights      8.03e9 x 2 bytes; or 6.98e9 x 4.13 bits + 1.05e9 x 2 bytes      15.0             5.3
#   adapters     41.9e6 of rank 16, fp32: weight, gradient, two moments           0.6             0.6
#   kept         32 layer inputs x tokens x 4,096 x 2 bytes (checkpointing full)  1.0             2.0
#   one layer    computed again: some 230 kB a token                              0.9             1.8
#   loss         1,024 positions x 128,256 logits in fp32, two copies and bf16    1.2             1.2
#   the rest     CUDA context, hidden states, fragments                           1.0             1.0
#   together                                                                     19.7            11.9
#
# So bf16 at 8,192 tokens would take 21.6 of the 23.5 GiB that a card of 24 GB offers: possible, but without reserve. The host needs 20 GB.
# Rows are short, so a batch of 32 samples is some 16 of them, computed one after the other: that costs no memory.
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True # rows differ in length: without it freed memory lies in pieces
case "${QUANTIZE:-0}" in
    0) memory="--context 4096" ;;
    1) memory="--context 8192 --quantize" ;;
    *) echo "QUANTIZE is 0 or 1" >&2; exit 2 ;;
esac
# shellcheck disable=SC2086  # the settings are words
python 07_train.py --model "${BASE:-meta-llama/Llama-3.1-8B}" --devices 1 --lora-rank 16 --lr 2e-4 --precision bf16 \
    --activation-checkpointing full $memory --output runs/one-24gb "$@"
