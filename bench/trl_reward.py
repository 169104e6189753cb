"""One step of TRL's GRPOTrainer with the rewards of common/rewards.py on a tiny model: prints TRL's figures of it as JSON.

    python -m venv trl && trl/bin/pip install torch==2.14.1 transformers==5.24.0 trl==1.16.0 orjson rapidfuzz tree-sitter tree-sitter-python
    trl/bin/python bench/trl_reward.py data/bench/train.jsonl runs/tiny

TRL is no dependency of this project. For verl name `common/rewards.py` and its function `verl` as custom_reward_function.
"""

import json
import sys
import tempfile
from pathlib import Path

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import rewards  # noqa: E402

if __name__ == "__main__":
    records = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[:8]]
    rows = [{"prompt": record["messages"][:-1], "reference": rewards.gold_of(record)} for record in records]
    with tempfile.TemporaryDirectory() as folder:
        settings = GRPOConfig(folder, max_steps=1, per_device_train_batch_size=8, num_generations=4, max_completion_length=64, use_cpu=True,
                              bf16=False, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True)  # fmt: skip
        trainer = GRPOTrainer(sys.argv[2], rewards.trl, args=settings, train_dataset=Dataset.from_list(rows))
        trainer.train()
        print(json.dumps(next(line for line in trainer.state.log_history if "reward" in line)))
