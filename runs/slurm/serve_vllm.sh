#!/usr/bin/env bash
#SBATCH --job-name=generate
#SBATCH --gpus-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --output=generate-%j.log
# Stage 05 against vLLM on the same GPU: starts a server of the base model with the adapter, waits for it, annotates, stops it.
#     sbatch runs/slurm/serve_vllm.sh
#     sbatch --array=0-31 runs/slurm/serve_vllm.sh --candidates 4      # 32 servers, each for its part of the queries
# Arguments go to 05; afterwards `cat data/generated.*-of-32.jsonl > data/generated.jsonl` joins the parts. vLLM wants another torch than
# training does: give it a Python environment of its own, and its command as VLLM.
# Not yet run with vLLM: tests/test_slurm.py runs it with a stand-in that takes this command line. Unlike the paper, nothing is refined, and
# an answer has up to 4,096 tokens.
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-$(dirname "$0")/../..}" # sbatch runs a copy of this file, in the folder it was submitted from

BASE=${BASE:-meta-llama/Llama-3.1-8B}
ADAPTER=${ADAPTER:-runs/annotator} # a folder that stage 07 wrote
RANK=${RANK:-16}                   # of the adapter, at least
CONTEXT=${CONTEXT:-8192}
DATA=${DATA:-data} # where each part keeps a cache of answers of its own
VLLM=${VLLM:-vllm}
PATIENCE=${PATIENCE:-1800} # seconds until the server must answer: a first start compiles, and may download

part=${SLURM_ARRAY_TASK_ID:-0}
port=$((20000 + ${SLURM_JOB_ID:-0} % 40000)) # of its own: several parts may share a node
url=http://127.0.0.1:$port/v1

# the adapter's tokenizer, because the chat template of the training stands there
$VLLM serve "$BASE" --tokenizer "$ADAPTER" --enable-lora --max-lora-rank "$RANK" --lora-modules "annotator=$ADAPTER" \
    --max-model-len "$CONTEXT" --host 127.0.0.1 --port "$port" &
server=$!
trap 'kill $server 2> /dev/null || true; wait $server || true' EXIT
until curl --silent --fail --output /dev/null "$url/models"; do
    kill -0 $server 2> /dev/null || { echo "error: vLLM ended before it answered; see above" >&2; exit 1; }
    [ $SECONDS -lt "$PATIENCE" ] || { echo "error: vLLM did not answer within $PATIENCE s" >&2; exit 1; }
    sleep 2
done
mkdir -p "$DATA"
echo '{"annotator": [0, 0]}' > "$DATA/prices-$part.json" # its tokens cost nothing: a budget is that of the writer that refines
python 05_annotate.py --model annotator --base-url "$url" --no-primer --cache "$DATA/answers-$part.sqlite" --prices "$DATA/prices-$part.json" "$@"
