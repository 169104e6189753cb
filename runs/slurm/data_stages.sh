#!/usr/bin/env bash
# Stages 01 to 04 as jobs: one that collects; then transcribing, thinking and expanding, each an array and a job that joins its parts.
# Prints the number of the last job. Not yet run with a live site or a model as the writer: tests/test_slurm.py runs it on examples/.
# Unlike the paper, a query is written from the plan alone, and APIs are drawn evenly; the default writer is rules. In the paper's way:
#     THINK="--query-from code" EXPAND="--sampling paper" WRITER="--writer gpt-4o-mini" bash runs/slurm/data_stages.sh --links links.txt
#     bash runs/slurm/data_stages.sh --folder my_shortcuts --links links.txt
#     PARTS=64 COUNT=92000 WRITER="--writer Qwen/Qwen3-8B --base-url http://gpu7:8000/v1" bash runs/slurm/data_stages.sh --links links.txt
# Arguments go to 01, which is no array: many at once would ask more of a host than --rate allows. After a failure run it again: every
# stage goes on where it stopped, and what is done is passed over. What parts reject stays beside them, in *-of-N.rejected.jsonl.
set -euo pipefail
cd "$(dirname "$0")/../.."

DATA=${DATA:-data}
PARTS=${PARTS:-16}
COUNT=${COUNT:-200}                   # queries that 04 writes
WRITER=${WRITER:---writer offline}    # flags of 03 and 04; a --budget-usd holds for each part, not for their sum
THINK=${THINK:-} EXPAND=${EXPAND:-}   # more flags of 03, and of 04
OPTIONS=${OPTIONS:---cpus-per-task=1} # of sbatch, for every job

mkdir -p "$DATA/logs"
submit() { # NAME AFTER OPTION... COMMAND: prints the job's number; AFTER is the job that must have succeeded, or ""
    # shellcheck disable=SC2086 # OPTIONS holds several words
    sbatch --parsable $OPTIONS --job-name="$1" --output="$DATA/logs/%x-%j.log" ${2:+--dependency=afterok:$2 --kill-on-invalid-dep=yes} \
        "${@:3:$#-3}" --wrap "${!#}"
}
stage() { # NAME AFTER OUTPUT COMMAND: an array over the records and the job that joins its parts; prints the number of the latter
    local parts
    parts=$(submit "$1" "$2" --array="0-$((PARTS - 1))" "python $4 --output $DATA/$3.jsonl")
    submit "$1-join" "$parts" "cat $DATA/$3.*-of-$PARTS.jsonl > $DATA/$3.jsonl"
}

# each part has a cache of answers of its own: SQLite's locks are not to be trusted on a network's file system
writer="$WRITER --cache $DATA/answers-\$SLURM_ARRAY_TASK_ID.sqlite"
collected=$(submit collect "" "python 01_scrape.py --output $DATA/shortcuts.jsonl ${*@Q}")
transcribed=$(stage transcribe "$collected" workflows "02_transcribe.py --input $DATA/shortcuts.jsonl")
thought=$(stage think "$transcribed" seed "03_thoughts.py --input $DATA/workflows.jsonl $writer $THINK")
stage expand "$thought" queries "04_expand.py --input $DATA/seed.jsonl --count $COUNT $writer $EXPAND"
