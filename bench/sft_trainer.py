"""Does a dataset of stage 06 train with a public trainer? Loads the folder with `datasets`, and takes steps of TRL's SFTTrainer on it.

    python -m venv trl && trl/bin/pip install torch==2.13.0 trl
    trl/bin/python bench/sft_trainer.py data/bench --tokenizer runs/demo

To be run in an environment that has trl, which is no dependency of this project; nothing of this project is imported. The model is a
tiny Llama with random weights: what is shown is that the files load, and that `messages` are what a trainer expects. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Load, train, say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what stage 06 wrote")
    parser.add_argument("--tokenizer", required=True, help="a folder with a tokenizer and its chat template, such as stage 07 writes")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--max-length", type=int, default=1024, help="tokens a sample, so that a step takes seconds")
    args = parser.parse_args()

    import trl
    from datasets import load_dataset
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    with tempfile.TemporaryDirectory() as scratch:
        data = load_dataset(str(args.folder), cache_dir=scratch)
        tokenizer = AutoTokenizer.from_pretrained(args.tokenizer, trust_remote_code=False)
        model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
                                             num_attention_heads=4, max_position_embeddings=args.max_length))  # fmt: skip
        settings = trl.SFTConfig(output_dir=scratch, max_steps=args.steps, per_device_train_batch_size=2, max_length=args.max_length,
                                 use_cpu=True, bf16=False, report_to=[], logging_steps=1, save_strategy="no")  # fmt: skip
        rows = data["train"].select_columns(["messages"])
        trainer = trl.SFTTrainer(model=model, args=settings, train_dataset=rows, processing_class=tokenizer)
        result = trainer.train()
    print(json.dumps({"splits": {name: len(split) for name, split in data.items()}, "columns": data["train"].column_names,
                      "steps": result.global_step, "loss": round(result.training_loss, 3), "trl": trl.__version__}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
