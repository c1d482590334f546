"""The separate verifier, loaded from its file as an auditor would use it."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[5] / "tools" / "verify_ledger.py"


def load() -> Any:
    """Return the module `tools/verify_ledger.py`."""
    spec = importlib.util.spec_from_file_location("verify_ledger", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


verify_ledger = load()
